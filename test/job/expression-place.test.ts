import { rmSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { expressionPlace } from "../../src/job/expression-place.ts";
import { readJob } from "../../src/job/read-job.ts";
import { casesOf } from "../support/cases.ts";
import { jobText, readJobText, writeFile } from "./rig.ts";

function placeOf(written: string, wanted: string) {
  const text = jobText({ map: `Zip: ${written}` });
  const expression = readJobText(text).streams[0]?.fields.at(-1)?.expression ?? { sql: "", place: {} };
  const { line = 0, column = 0 } = expressionPlace(expression, expression.sql.indexOf(wanted));
  return text.split("\n")[line - 1]?.slice(column - 1);
}

describe("the place inside an expression", () => {
  test.each([
    ["plain", "upper(zip)"],
    ["quoted", "'upper(zip)'"],
    ["with doubled quotes", "'concat(''a'', zip)'"],
    ["with escapes", '"concat(\\"a\\", zip)"'],
    ["over several lines", "concat(a,\n    zip)"],
    ["in a block", "|\n  case when a\n    then zip)\n  end"],
    ["in a folded block", ">-\n  concat(a,\n  zip)"],
    ["in a map", "{ from:   upper(zip) }"],
  ])("is found where it is written %s", (_style, written) => {
    expect(placeOf(written, "zip)")).toMatch(/^zip\)/);
  });

  test("is found behind any text, however YAML writes it", () => {
    const before = fc.string({ unit: fc.constantFrom(..."abc'\"\\ ,()|:#\n") }).map((text) => text.trimStart());
    const style = fc.constantFrom("PLAIN", "QUOTE_SINGLE", "QUOTE_DOUBLE", "BLOCK_LITERAL") as fc.Arbitrary<"PLAIN">;
    fc.assert(
      fc.property(before, style, (text, defaultStringType) => {
        const map = stringify({ Zip: `${text}Z` }, { defaultStringType, defaultKeyType: "PLAIN", lineWidth: 0 });
        const file = jobText({ map: map.trimEnd() });
        const expression = readJobText(file).streams[0]?.fields.at(-1)?.expression ?? { sql: "", place: {} };
        expect(expression.sql).toBe(`${text}Z`);
        const { line = 0, column = 0 } = expressionPlace(expression, text.length);
        expect(file.split("\n")[line - 1]?.charAt(column - 1)).toBe("Z");
      }),
      { numRuns: casesOf(1000) },
    );
  });

  test("is the start of the expression once the file is gone or says something else", () => {
    const file = writeFile("gone.yaml", jobText());
    const expression = readJob(file).streams[0]?.fields.at(-1)?.expression ?? { sql: "", place: {} };
    expect(expressionPlace(expression, 5)).toEqual({ ...expression.place, column: (expression.place.column ?? 0) + 5 });
    writeFile("gone.yaml", jobText().replace("trim(name)", "other"));
    expect(expressionPlace(expression, 5)).toEqual(expression.place);
    rmSync(file);
    expect(expressionPlace(expression, 5)).toEqual(expression.place);
  });
});
