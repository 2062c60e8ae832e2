import { describe, expect, it } from "vitest";
import { sparkCondition } from "../../../src/table/delta/definition/spark-condition.ts";

const scope = {
  columns: ["a", "B", "day", "date", "s", "x y"],
  column: (name: string) => `r."${name}"`,
  quote: (name: string) => `"${name}"`,
  literal: (text: string) => `'${text}'`,
};

describe("a condition of Spark's", () => {
  it.each([
    ["a > 0", 'r."a" > 0'],
    ["A >= b and B <> 3 -- why", 'r."a" >= r."B" and r."B" <> 3'],
    ["`x y` is NOT null", 'r."x y" is not null'],
    ["s.x.`z` in ('a', \"b\")", `r."s" . "x" . "z" in ( 'a' , 'b' )`],
    ["date > date '2020-01-01'", `r."date" > date '2020-01-01'`],
    ["day(day) = 1 or coalesce(a, 2) between 1 and 3", 'day ( r."day" ) = 1 or coalesce ( r."a" , 2 ) between 1 and 3'],
    [
      "case when a % 2 = 0 then true else B like 'x%' end",
      `case when r."a" % 2 = 0 then true else r."B" like 'x%' end`,
    ],
    ["a == 1.5e0", 'r."a" = 1.5e0'],
    ["not (a / 4 = 1)", 'not ( r."a" / 4 = 1 )'],
  ])("%s is spelled for our engine", (expression, sql) => {
    expect(sparkCondition(expression, scope)).toMatchObject({ sql });
  });

  it("says which columns it is about, once and as the table spells them", () => {
    expect(sparkCondition("A > 0 and a < b", scope)).toMatchObject({ columns: ["a", "B"] });
  });

  it.each([
    "a rlike '[0-9]+'",
    "a > 'it\\'s'",
    "upper(B) = 'X'",
    "cast(a as int) = 1",
    "a / B > 1",
    "a % 0 = 1",
    "a || B = 'x'",
    "a > 10L",
    "a::int = 1",
    "B like A",
    "date = date '2020-1-1'",
    "a > timestamp '2020-01-01 00:00:00+02:00'",
    "a in (select 1)",
    "gone > 1",
    "`gone` > 1",
    "a > current_date",
    "try(a) > 1",
    "a <=> 1; drop table t",
    "",
  ])("%s is not let through", (expression) => {
    expect(sparkCondition(expression, scope)).toEqual(expect.any(String));
  });
});
