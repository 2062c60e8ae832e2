/** Unicode's White_Space and the zero-width no-break space. */
const SPACE = "[\\t\\n\\x0B\\f\\r\\x{85}\\x{FEFF}\\p{Z}]";

const COUNT = "([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:[.]([0-9]{1,6}))?([kKmMbB]?)";
const DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}";
const TIME = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.][0-9]+)?";
const ZONE = "[+-](?:(?:0[0-9]|1[0-7]):?[0-5][0-9]|18:?00)";
const INSTANT = `(?:${DATE}(?:[ T]${TIME}(?:Z|${ZONE})?)?|[0-9]{4}:[0-9]{2}:[0-9]{2} ${TIME}(?:Z|${ZONE})?)`;

/**
 * The portable functions of docs/reference/sql.md, as DuckDB macros. Names that start with `_` serve the others. CASE
 * tries the common, cheap shapes first: these run for every row of every dataset.
 */
export const PRELUDE = `
CREATE MACRO matches(s, re) AS regexp_full_match(s, re);

CREATE MACRO blank(s) AS CASE WHEN s >= '!' AND s < '~' THEN false ELSE regexp_full_match(s, '${SPACE}*') END;

CREATE MACRO filled(s) AS CASE WHEN s >= '!' AND s < '~' THEN s WHEN NOT regexp_full_match(s, '${SPACE}*') THEN s END;

CREATE MACRO without_prefix(s, prefix) AS CASE WHEN starts_with(s, prefix) THEN substr(s, length(prefix) + 1) ELSE s END;

CREATE MACRO parse_bigint(s) AS CASE WHEN regexp_full_match(s, '-?[0-9]{1,18}') THEN CAST(s AS BIGINT) END;

CREATE MACRO parse_double(s) AS
  CASE WHEN regexp_full_match(s, '[+-]?(?:[0-9]+(?:[.][0-9]*)?|[.][0-9]+)(?:[eE][+-]?[0-9]+)?') THEN TRY_CAST(s AS DOUBLE) END;

CREATE MACRO coordinates(a, b) AS CASE WHEN a IS NOT NULL AND b IS NOT NULL THEN [a, b] END;

CREATE MACRO _scale(suffix) AS
  CASE lower(suffix) WHEN 'k' THEN 1000 WHEN 'm' THEN 1000000 WHEN 'b' THEN 1000000000 ELSE 1 END;

CREATE MACRO _scaled(digits, millionths, scale) AS
  CASE WHEN length(digits) <= 16 AND CAST('0' || digits AS BIGINT) <= 9007199254740992 // scale
         AND CAST('0' || digits AS BIGINT) * scale + (millionths * scale + 500000) // 1000000 <= 9007199254740992
       THEN CAST('0' || digits AS BIGINT) * scale + (millionths * scale + 500000) // 1000000 END;

CREATE MACRO _count_parts(p) AS _scaled(
  ltrim(replace(p.whole, ',', ''), '0'),
  CAST(rpad(p.fraction, 6, '0') AS BIGINT),
  CAST(_scale(p.suffix) AS BIGINT));

CREATE MACRO parse_count(s) AS CASE
  WHEN regexp_full_match(s, '[0-9]{1,15}') THEN CAST(s AS BIGINT)
  WHEN regexp_full_match(s, '[0-9]{1,9}k') THEN CAST(substr(s, 1, length(s) - 1) AS BIGINT) * 1000
  WHEN regexp_full_match(s, '[0-9]{1,9}M') THEN CAST(substr(s, 1, length(s) - 1) AS BIGINT) * 1000000
  WHEN regexp_full_match(s, '${SPACE}*${COUNT}${SPACE}*')
    THEN _count_parts(regexp_extract(s, '^${SPACE}*${COUNT}${SPACE}*$', ['whole', 'fraction', 'suffix'])) END;

CREATE MACRO _in_years(t) AS CASE WHEN t >= TIMESTAMPTZ '1900-01-01 00:00:00+00' AND t < TIMESTAMPTZ '10000-01-01 00:00:00+00' THEN t END;

CREATE MACRO _zone_micros(zone) AS
  CASE WHEN zone IN ('', 'Z') THEN 0
       ELSE (CAST(substr(zone, 2, 2) AS BIGINT) * 60 + CAST(right(zone, 2) AS BIGINT)) * CASE WHEN starts_with(zone, '-') THEN -60000000 ELSE 60000000 END END;

CREATE MACRO _instant_parts(p) AS make_timestamptz(
  epoch_us(TRY_CAST(replace(p.day, ':', '-') || ' ' || CASE WHEN p.clock = '' THEN '00:00:00' ELSE p.clock END || p.fraction[:7] AS TIMESTAMP))
  - _zone_micros(p.zone));

CREATE MACRO parse_timestamp(s) AS CASE
  WHEN regexp_full_match(s, '${INSTANT}') AND s >= '1900'
    THEN _in_years(_instant_parts(regexp_extract(s, '^([0-9:-]{10})[ T]?([0-9:]*)([.]?[0-9]*)(.*)$', ['day', 'clock', 'fraction', 'zone']))) END;
`;
