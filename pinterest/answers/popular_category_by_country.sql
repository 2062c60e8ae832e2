-- title: The most popular category in each country
-- from: pin, geo
-- columns: country STRING, category STRING, category_count BIGINT
-- parameter: top, integer from 1|all, default 1, how many places each country gets
-- parameter: ties, all|first, default all, whether all of equal count share a place or the first by name takes it
WITH counted AS (
  SELECT geo.country AS country, pin.category AS category, count(*) AS category_count
  FROM pin JOIN geo ON pin.ind = geo.ind
  WHERE geo.country IS NOT NULL AND pin.category IS NOT NULL
  GROUP BY geo.country, pin.category
),
placed AS (
  SELECT country, category, category_count,
    rank() OVER (PARTITION BY country ORDER BY category_count DESC) AS shared_place,
    row_number() OVER (PARTITION BY country ORDER BY category_count DESC, category) AS own_place
  FROM counted
)
SELECT placed.country, placed.category, placed.category_count
FROM placed CROSS JOIN params
WHERE params.top IS NULL OR CASE WHEN params.ties = 'first' THEN placed.own_place ELSE placed.shared_place END <= params.top
ORDER BY placed.country, placed.category_count DESC, placed.category
