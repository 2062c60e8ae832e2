/** The portable functions of docs/reference/sql.md, as DuckDB macros. */
export const PRELUDE = `
CREATE MACRO matches(s, re) AS regexp_full_match(s, re);
CREATE MACRO blank(s) AS regexp_full_match(s, '[\\s\\p{Z}\\x{FEFF}]*');
CREATE MACRO parse_timestamp(s) AS try_cast(s AS TIMESTAMPTZ);
`;
