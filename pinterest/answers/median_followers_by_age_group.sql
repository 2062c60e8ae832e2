-- title: The median follower count of posts in each age group
-- from: pin, user
-- columns: age_group STRING, median_follower_count DOUBLE
WITH posts AS (
  SELECT pin.follower_count AS follower_count,
    CASE WHEN user.age BETWEEN 18 AND 24 THEN '18-24'
         WHEN user.age BETWEEN 25 AND 35 THEN '25-35'
         WHEN user.age BETWEEN 36 AND 50 THEN '36-50'
         WHEN user.age > 50 THEN '+50' END AS age_group
  FROM pin JOIN user ON pin.ind = user.ind
),
grouped AS (
  SELECT age_group, CAST(median(follower_count) AS DOUBLE) AS median_follower_count
  FROM posts
  WHERE age_group IS NOT NULL AND follower_count IS NOT NULL
  GROUP BY age_group
)
SELECT age_group, median_follower_count
FROM grouped
ORDER BY CASE age_group WHEN '18-24' THEN 1 WHEN '25-35' THEN 2 WHEN '36-50' THEN 3 ELSE 4 END
