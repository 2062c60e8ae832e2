-- title: The poster with the most followers in each country
-- from: pin, geo
-- columns: country STRING, poster_name STRING, follower_count BIGINT
-- parameter: ties, all|first, default all, whether all posters of equal following are given or the first by name
WITH posters AS (
  SELECT geo.country AS country, pin.poster_name AS poster_name, max(pin.follower_count) AS follower_count
  FROM pin JOIN geo ON pin.ind = geo.ind
  WHERE geo.country IS NOT NULL AND pin.poster_name IS NOT NULL AND pin.follower_count IS NOT NULL
  GROUP BY geo.country, pin.poster_name
),
placed AS (
  SELECT country, poster_name, follower_count,
    rank() OVER (PARTITION BY country ORDER BY follower_count DESC) AS shared_place,
    row_number() OVER (PARTITION BY country ORDER BY follower_count DESC, poster_name) AS own_place
  FROM posters
)
SELECT placed.country, placed.poster_name, placed.follower_count
FROM placed CROSS JOIN params
WHERE CASE WHEN params.ties = 'first' THEN placed.own_place ELSE placed.shared_place END = 1
ORDER BY placed.country, placed.follower_count DESC, placed.poster_name
