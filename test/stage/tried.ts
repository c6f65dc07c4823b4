// A process of its own: what it computes in TRY may end it. Prints how many rows have another value than computed plainly.

import { tmpdir } from "node:os";
import { tried } from "../../src/core/sql.ts";
import { Engine } from "../../src/stage/engine.ts";

using engine = await Engine.open({ folder: tmpdir(), spillFolder: tmpdir() });
await engine.run(`CREATE TABLE rows AS SELECT CASE WHEN i % 3 > 0 THEN 'value of row ' || i END AS a,
  CASE WHEN i % 7 = 0 THEN 'what fails in row ' || i ELSE CAST(i AS VARCHAR) END AS b, i FROM range(20000) r(i)`);
await engine.run(
  "CREATE MACRO read(x) AS CASE WHEN x LIKE 'what%' THEN CAST(CAST(x AS INTEGER) AS VARCHAR) ELSE 'it is ' || x END",
);
const expressions = [
  "coalesce(a, read(b))",
  "coalesce(coalesce(a, read(b)), 'none at all')",
  "coalesce(a, read(b), 'none at all') -- ends in a remark",
  "CASE WHEN i >= 0 THEN coalesce(a, read(b)) END",
  "ifnull(a, CASE WHEN i >= 0 THEN coalesce(a, read(b)) END)",
];
const wrong: number[] = [];
for (const sql of expressions) {
  // Computed plainly, row for row: what fails is what has no value in `a` and can't be read.
  const plain = `CASE WHEN a IS NOT NULL THEN a WHEN b NOT LIKE 'what%' THEN 'it is ' || b END`;
  const found = await engine.one(`SELECT count(*) AS rows FROM (SELECT ${tried(sql)} AS v, ${plain} AS w FROM rows)
    WHERE v IS DISTINCT FROM w`);
  wrong.push(Number(found["rows"]));
}
process.stdout.write(JSON.stringify(wrong));
