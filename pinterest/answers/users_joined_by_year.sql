-- title: Users who joined in each year
-- from: user
-- columns: post_year INT, number_users_joined BIGINT
-- parameter: from, integer, default 2015, the first year
-- parameter: to, integer, default 2020, the last year
-- parameter: count, people|posts, default people, whether people are counted, or the posts that show them
WITH people AS (
  SELECT user_name, age, date_joined, count(*) AS posts
  FROM user
  WHERE date_joined IS NOT NULL
  GROUP BY user_name, age, date_joined
),
years AS (
  SELECT CAST(year(date_joined) AS INT) AS post_year, count(*) AS people, CAST(sum(posts) AS BIGINT) AS posts
  FROM people
  GROUP BY CAST(year(date_joined) AS INT)
)
SELECT years.post_year, CASE WHEN params.count = 'posts' THEN years.posts ELSE years.people END AS number_users_joined
FROM years CROSS JOIN params
WHERE years.post_year BETWEEN params.from AND params.to
ORDER BY years.post_year
