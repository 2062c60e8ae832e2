-- title: The median follower count of posts by the year their users joined
-- from: pin, user
-- columns: post_year INT, median_follower_count DOUBLE
-- parameter: from, integer, default 2015, the first year
-- parameter: to, integer, default 2020, the last year
WITH grouped AS (
  SELECT CAST(year(user.date_joined) AS INT) AS post_year, CAST(median(pin.follower_count) AS DOUBLE) AS median_follower_count
  FROM pin JOIN user ON pin.ind = user.ind
  WHERE user.date_joined IS NOT NULL AND pin.follower_count IS NOT NULL
  GROUP BY CAST(year(user.date_joined) AS INT)
)
SELECT grouped.post_year, grouped.median_follower_count
FROM grouped CROSS JOIN params
WHERE grouped.post_year BETWEEN params.from AND params.to
ORDER BY grouped.post_year
