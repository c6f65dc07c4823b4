import { expect, test } from "vitest";
import { settleJson } from "../../src/values/settled-json.ts";

// What PostgreSQL 15 gives of each as jsonb; the server itself judges every value that is written.
test.each([
  ['{"bb":1,"a":2,"é":[ ],"a":3}', '{"a": 3, "bb": 1, "é": []}'],
  ['{"__proto__":1,"9":2,"10":{}}', '{"9": 2, "10": {}, "__proto__": 1}'],
  ["[1.50,1e2,1.5e1,1.20e1,-1.5e-3,1E+2]", "[1.50, 100, 15, 12.0, -0.0015, 100]"],
  ["[-0,-0.0,0e5,0.00e1,12345678901234567890.10]", "[0, 0.0, 0, 0.0, 12345678901234567890.10]"],
  ['"\\u00e9\\n\\/\\ud83d\\ude00\\u0001"', '"é\\n/😀\\u0001"'],
  // What the server refuses, or writes out at length, is left to it.
  ['"\\ud800"', '"\\ud800"'],
  ["1e200000", "1e200000"],
  ["{bad", "{bad"],
])("%s as jsonb is %s", (text, settled) => {
  expect(settleJson(text)).toBe(settled);
});
