-- title: The country of the poster with the most followers
-- from: most_followed_by_country
-- columns: country STRING, follower_count BIGINT
-- parameter: ties, all|first, default first, whether all countries of equal figure are given or the first by name
WITH countries AS (
  SELECT country, max(follower_count) AS follower_count
  FROM most_followed_by_country
  GROUP BY country
),
placed AS (
  SELECT country, follower_count,
    rank() OVER (ORDER BY follower_count DESC) AS shared_place,
    row_number() OVER (ORDER BY follower_count DESC, country) AS own_place
  FROM countries
)
SELECT placed.country, placed.follower_count
FROM placed CROSS JOIN params
WHERE CASE WHEN params.ties = 'first' THEN placed.own_place ELSE placed.shared_place END = 1
ORDER BY placed.country
