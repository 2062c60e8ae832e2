SELECT
  parse_bigint(ind) AS ind,
  filled(country) AS country,
  coordinates(parse_double(latitude), parse_double(longitude)) AS coordinates,
  parse_timestamp(timestamp) AS timestamp
FROM raw
