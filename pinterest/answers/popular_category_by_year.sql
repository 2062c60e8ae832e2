-- title: Posts in each category per year
-- from: pin, geo
-- columns: post_year INT, category STRING, category_count BIGINT
-- parameter: from, integer, default 2018, the first year
-- parameter: to, integer, default 2022, the last year
-- parameter: top, integer from 1|all, default all, how many places each year gets; equal counts share one
WITH counted AS (
  SELECT CAST(year(geo.timestamp) AS INT) AS post_year, pin.category AS category, count(*) AS category_count
  FROM pin JOIN geo ON pin.ind = geo.ind
  WHERE geo.timestamp IS NOT NULL AND pin.category IS NOT NULL
  GROUP BY CAST(year(geo.timestamp) AS INT), pin.category
),
placed AS (
  SELECT post_year, category, category_count,
    rank() OVER (PARTITION BY post_year ORDER BY category_count DESC) AS place
  FROM counted
)
SELECT placed.post_year, placed.category, placed.category_count
FROM placed CROSS JOIN params
WHERE placed.post_year BETWEEN params.from AND params.to AND (params.top IS NULL OR placed.place <= params.top)
ORDER BY placed.post_year, placed.category_count DESC, placed.category
