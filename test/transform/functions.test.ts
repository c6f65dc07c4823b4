import { expect, test } from "vitest";
import { defineFunctions } from "../../src/transform/functions.ts";

const namesOf = (usedIn: unknown) =>
  defineFunctions(new Date(), "UTC", usedIn).map((sql) => /^CREATE MACRO (\w+)/.exec(sql)?.[1]);

test.each([
  "email(x)",
  "lower(EMAIL (x))",
  '"email"(x)',
  '"email" \n\t\f\v\u00a0(x)',
  "email/* of the sender */(x)",
  "email -- of the sender\n(x)",
  "x.email()",
])("a function is defined for a job that calls it as %j", (sql) => {
  expect(namesOf({ streams: [{ fields: [{ expression: { sql } }] }] })).toContain("email");
});

test("none is defined for a column that has its name, but for words of SQL that are called without arguments", () => {
  expect(namesOf({ map: { Email: "lower(email)", Phone: "email" } })).toEqual([]);
  expect(namesOf({ map: { Day: "current_date" } })).toEqual(["current_date"]);
});
