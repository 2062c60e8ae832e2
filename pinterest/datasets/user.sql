SELECT
  parse_bigint(ind) AS ind,
  coalesce(filled(first_name) || ' ' || filled(last_name), filled(first_name), filled(last_name)) AS user_name,
  CASE WHEN parse_bigint(age) BETWEEN 0 AND 150 THEN CAST(parse_bigint(age) AS INT) END AS age,
  parse_timestamp(date_joined) AS date_joined
FROM raw
