/** Unicode's White_Space and the zero-width no-break space. As characters to trim: a pattern would be compiled anew for each use. */
export const SPACE =
  "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff";

export const COUNT = "([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:[.]([0-9]{1,6}))?([kKmMbB]?)";
const DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}";
const CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]";
const TIME = `${CLOCK}(?:[.][0-9]+)?`;
const ZONE = "[+-](?:(?:0[0-9]|1[0-7]):?[0-5][0-9]|18:?00)";
const INSTANT = `(?:${DATE}(?:[ T]${TIME}(?:Z|${ZONE})?)?|[0-9]{4}:[0-9]{2}:[0-9]{2} ${TIME}(?:Z|${ZONE})?)`;

/**
 * The portable functions of docs/reference/sql.md, as DuckDB macros. Names that start with `_` serve the others. CASE
 * tries the common, cheap shapes first: these run for every row of every dataset. A lambda names a value that is used
 * several times: a macro's argument is copied to each place and planned anew.
 */
export const PRELUDE = `
CREATE MACRO matches(s, re) AS regexp_full_match(s, re);

CREATE MACRO blank(s) AS CASE WHEN s >= '!' AND s < '~' THEN false ELSE ltrim(s, '${SPACE}') = '' END;

CREATE MACRO filled(s) AS CASE WHEN s >= '!' AND s < '~' THEN s WHEN ltrim(s, '${SPACE}') <> '' THEN s END;

CREATE MACRO without_prefix(s, prefix) AS CASE WHEN starts_with(s, prefix) THEN substr(s, length(prefix) + 1) ELSE s END;

CREATE MACRO parse_bigint(s) AS CASE WHEN regexp_full_match(s, '-?[0-9]{1,18}') THEN CAST(s AS BIGINT) END;

CREATE MACRO parse_double(s) AS
  CASE WHEN regexp_full_match(s, '[+-]?(?:[0-9]+(?:[.][0-9]*)?|[.][0-9]+)(?:[eE][+-]?[0-9]+)?') THEN TRY_CAST(s AS DOUBLE) END;

CREATE MACRO coordinates(a, b) AS CASE WHEN a IS NOT NULL AND b IS NOT NULL THEN [a, b] END;

CREATE MACRO _scale(suffix) AS
  CAST(CASE lower(suffix) WHEN 'k' THEN 1000 WHEN 'm' THEN 1000000 WHEN 'b' THEN 1000000000 ELSE 1 END AS BIGINT);

CREATE MACRO _count_parts(p) AS {
  whole: CASE WHEN length(ltrim(replace(p.whole, ',', ''), '0')) <= 16 THEN CAST('0' || ltrim(replace(p.whole, ',', ''), '0') AS BIGINT) END,
  part: (CAST(rpad(p.fraction, 6, '0') AS BIGINT) * _scale(p.suffix) + 500000) // 1000000,
  scale: _scale(p.suffix)};

CREATE MACRO _count_of(p) AS
  CASE WHEN p.whole <= 9007199254740992 // p.scale AND p.whole * p.scale + p.part <= 9007199254740992 THEN p.whole * p.scale + p.part END;

CREATE MACRO parse_count(s) AS CASE
  WHEN regexp_full_match(s, '[0-9]{1,15}') THEN CAST(s AS BIGINT)
  WHEN regexp_full_match(s, '[0-9]{1,9}k') THEN CAST(substr(s, 1, length(s) - 1) AS BIGINT) * 1000
  WHEN regexp_full_match(s, '[0-9]{1,9}M') THEN CAST(substr(s, 1, length(s) - 1) AS BIGINT) * 1000000
  WHEN regexp_full_match(trim(s, '${SPACE}'), '${COUNT}') THEN list_transform(list_transform(
    [regexp_extract(trim(s, '${SPACE}'), '^${COUNT}$', ['whole', 'fraction', 'suffix'])],
    lambda p: _count_parts(p)), lambda p: _count_of(p))[1] END;

CREATE MACRO _in_years(micros) AS CASE WHEN micros >= -2208988800000000 AND micros < 253402300800000000 THEN make_timestamptz(micros) END;

CREATE MACRO _zone_micros(zone) AS
  CASE WHEN zone IN ('', 'Z') THEN 0
       ELSE (CAST(substr(zone, 2, 2) AS BIGINT) * 60 + CAST(right(zone, 2) AS BIGINT)) * CASE WHEN starts_with(zone, '-') THEN -60000000 ELSE 60000000 END END;

CREATE MACRO _instant_parts(p) AS
  epoch_us(TRY_CAST(replace(p.day, ':', '-') || ' ' || CASE WHEN p.clock = '' THEN '00:00:00' ELSE p.clock END || p.fraction[:7] AS TIMESTAMP))
  - _zone_micros(p.zone);

CREATE MACRO parse_timestamp(s) AS CASE
  WHEN regexp_full_match(s, '${DATE}[ T]${CLOCK}') THEN CASE WHEN s >= '1900' THEN make_timestamptz(epoch_us(TRY_CAST(s AS TIMESTAMP))) END
  WHEN regexp_full_match(s, '${INSTANT}') AND s >= '1900' THEN list_transform(list_transform(
    [regexp_extract(s, '^([0-9:-]{10})[ T]?([0-9:]*)([.]?[0-9]*)(.*)$', ['day', 'clock', 'fraction', 'zone'])],
    lambda p: _instant_parts(p)), lambda micros: _in_years(micros))[1] END;
`;
