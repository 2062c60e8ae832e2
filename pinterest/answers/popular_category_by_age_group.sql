-- title: The most popular category in each age group
-- from: pin, user
-- columns: age_group STRING, category STRING, category_count BIGINT
-- parameter: top, integer from 1|all, default 1, how many places each age group gets
-- parameter: ties, all|first, default all, whether all of equal count share a place or the first by name takes it
WITH posts AS (
  SELECT pin.category AS category,
    CASE WHEN user.age BETWEEN 18 AND 24 THEN '18-24'
         WHEN user.age BETWEEN 25 AND 35 THEN '25-35'
         WHEN user.age BETWEEN 36 AND 50 THEN '36-50'
         WHEN user.age > 50 THEN '+50' END AS age_group
  FROM pin JOIN user ON pin.ind = user.ind
),
counted AS (
  SELECT age_group, category, count(*) AS category_count
  FROM posts
  WHERE age_group IS NOT NULL AND category IS NOT NULL
  GROUP BY age_group, category
),
placed AS (
  SELECT age_group, category, category_count,
    CASE age_group WHEN '18-24' THEN 1 WHEN '25-35' THEN 2 WHEN '36-50' THEN 3 ELSE 4 END AS age_order,
    rank() OVER (PARTITION BY age_group ORDER BY category_count DESC) AS shared_place,
    row_number() OVER (PARTITION BY age_group ORDER BY category_count DESC, category) AS own_place
  FROM counted
)
SELECT placed.age_group, placed.category, placed.category_count
FROM placed CROSS JOIN params
WHERE params.top IS NULL OR CASE WHEN params.ties = 'first' THEN placed.own_place ELSE placed.shared_place END <= params.top
ORDER BY placed.age_order, placed.category_count DESC, placed.category
