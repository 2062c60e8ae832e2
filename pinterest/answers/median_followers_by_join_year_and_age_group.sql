-- title: The median follower count of posts by age group and the year their users joined
-- from: pin, user
-- columns: age_group STRING, post_year INT, median_follower_count DOUBLE
-- parameter: from, integer, default 2015, the first year
-- parameter: to, integer, default 2020, the last year
WITH posts AS (
  SELECT pin.follower_count AS follower_count, CAST(year(user.date_joined) AS INT) AS post_year,
    CASE WHEN user.age BETWEEN 18 AND 24 THEN '18-24'
         WHEN user.age BETWEEN 25 AND 35 THEN '25-35'
         WHEN user.age BETWEEN 36 AND 50 THEN '36-50'
         WHEN user.age > 50 THEN '+50' END AS age_group
  FROM pin JOIN user ON pin.ind = user.ind
),
grouped AS (
  SELECT age_group, post_year, CAST(median(follower_count) AS DOUBLE) AS median_follower_count,
    CASE age_group WHEN '18-24' THEN 1 WHEN '25-35' THEN 2 WHEN '36-50' THEN 3 ELSE 4 END AS age_order
  FROM posts
  WHERE age_group IS NOT NULL AND post_year IS NOT NULL AND follower_count IS NOT NULL
  GROUP BY age_group, post_year
)
SELECT grouped.age_group, grouped.post_year, grouped.median_follower_count
FROM grouped CROSS JOIN params
WHERE grouped.post_year BETWEEN params.from AND params.to
ORDER BY grouped.age_order, grouped.post_year
