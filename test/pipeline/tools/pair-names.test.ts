// Near-duplicates: pairs of a step are limited, whatever the names are, and what is left out is told; the quick look at the
// letters of two names leaves out none that are alike.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pairNames } from "../../../src/pipeline/tools/profile/pair-names.ts";
import { signsOf, sizeOf, unlike } from "../../../src/pipeline/tools/profile/unlike-names.ts";
import { Engine } from "../../../src/stage/engine.ts";

let engine: Engine;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "loadline-pairs-"));
  engine = await Engine.open({ folder, spillFolder: join(folder, "spill") });
});
afterAll(() => {
  engine[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

test("names that the quick look leaves out are less alike than the score wants, and it leaves out most", async () => {
  // Names of few letters and many forms, each beside one in which a piece is changed, doubled, moved or gone.
  await engine.run(`CREATE TEMP TABLE words AS SELECT n, substr(md5(n::VARCHAR), 1 + n % 7, 2 + n % 19) ||
    CASE n % 4 WHEN 0 THEN ' müller' WHEN 1 THEN ' bau ag' WHEN 2 THEN 'šš' ELSE '' END AS name FROM range(1500) t(n)`);
  await engine.run(`CREATE TEMP TABLE pairs AS SELECT l.name AS one, CASE r.k WHEN 0 THEN l.name || 'x' WHEN 1 THEN reverse(l.name)
    WHEN 2 THEN replace(l.name, substr(l.name, 2, 2), '') WHEN 3 THEN substr(l.name, 2) || left(l.name, 1)
    WHEN 4 THEN l.name || right(l.name, 3) ELSE o.name END AS other
    FROM words AS l, range(8) AS r(k) JOIN words AS o ON o.n = (l.n * 31 + r.k * 977) % 1500 WHERE l.name <> ''`);
  const sides = ["one", "other"].map(
    (side) => `struct_pack(size := ${sizeOf(side)}, signs := ${signsOf(side)}) AS ${side[0]}`,
  );
  for (const min of [0.8, 0.9, 0.95, 0.975]) {
    const counted = await engine.one(`SELECT count(*) FILTER (${unlike("o1", "o2", min)}) AS left_out,
      count(*) FILTER (${unlike("o1", "o2", min)} AND likeness >= ${min}) AS wrong, count(*) FILTER (likeness >= ${min}) AS alike
      FROM (SELECT a AS o1, b AS o2, likeness FROM (SELECT jaro_winkler_similarity(one, other) AS likeness,
        ${sides[0]?.replace(/ AS o$/, " AS a")}, ${sides[1]?.replace(/ AS o$/, " AS b")} FROM pairs WHERE other <> ''))`);
    expect([min, Number(counted["wrong"])]).toEqual([min, 0]);
    expect(Number(counted["alike"])).toBeGreaterThan(200);
    expect(Number(counted["left_out"])).toBeGreaterThan(1000);
  }
});

test("of blocks that are too many pairs together the smallest are compared, and the others are told", async () => {
  // 40 domains of 2 to 41 names: 11,480 pairs, of which 1,000 may be compared: those of 18 names at most.
  await engine.run(`CREATE TEMP TABLE placed AS SELECT id, 'd' || d || '.example' AS domain, NULL::VARCHAR AS phone
    FROM (SELECT (row_number() OVER (ORDER BY d, n) - 1)::INTEGER AS id, d FROM range(2, 42) AS a(d), range(42) AS b(n) WHERE n < d)`);
  await engine.run(`CREATE TEMP TABLE named AS SELECT id, name, name AS letters FROM (
    SELECT id, 'company of the town ' || substr(md5(domain || id), 1, 6) || ' of ' || domain AS name FROM placed
    UNION ALL SELECT 9000, 'company of the town zzzzx' UNION ALL SELECT 9001, 'company of the town zzzzy')`);
  const { leftOut, notes } = await pairNames(engine, 1000);
  const domains = leftOut.filter(({ by }) => by === "domain");
  expect(domains.map(({ names }) => names)).toEqual(Array.from({ length: 23 }, (_, place) => 41 - place));
  expect(domains[0]).toEqual({ by: "domain", value: "d41.example", names: 41 });
  expect(notes[0]).toContain("more than 1 name shares 4 letters at their beginning 1 time");
  expect(leftOut).toContainEqual({ by: "end", value: " d41.example", names: 41 });
  expect(leftOut).toContainEqual({ by: "beginning", value: "company of t", names: 862 });
  // What is next to each other in order is compared all the same.
  const { found } = await engine.one("SELECT count(*) AS found FROM alike WHERE one = 9000 AND other = 9001");
  expect(Number(found)).toBe(1);
});
