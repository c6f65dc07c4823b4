// A lookup by the engine is one by hand: over tables with duplicates, blanks and other capitals, by one key and by two,
// whatever the order of the rows, the parts that they come in and the threads.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { casesOf } from "../support/cases.ts";
import { Rig } from "./rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open();
});
afterAll(() => rig[Symbol.dispose]());

const byFile = (further = "") => `source: { connection: drop, files: "*" }
target: { connection: out, object: Thing, key: Key__c, mode: upsert }
map: { Key__c: id, ByFile: { lookup: { file: table.csv, key: a, value: v, from: a${further} } } }`;

function foundByFile(rows: readonly Record<string, unknown>[]) {
  return rows.map((one) => [one["Key__c"], one["ByFile"] ?? String(one["_problems_"]).split("\u001f")[2]]);
}

test("more keys than the engine lists are joined, and the rows are in their order", async () => {
  await rig.engine.run("SET threads = 2");
  const many = Array.from({ length: 10_200 }, (_, index) => index);
  // Some keys twice, with one value and with two; some not at all.
  const entries = many.filter((index) => index % 97 !== 1).map((index) => `k${index},v${index}\n`);
  writeFileSync(join(rig.folder, "table.csv"), `a,v\n${entries.join("")}k7,v7\nk8,other\n`);
  const rows = many.map((index) => `r${index},k${index}\n`);
  const half = rows.length / 2;
  const staged = await rig.stage(
    byFile(", miss: default, default: none"),
    fields,
    { "1.csv": `id,a\n${rows.slice(0, half).join("")}`, "2.csv": `id,a\n${rows.slice(half).join("")}` },
    { looksUp: true },
  );
  const expected = many.map((index) => [`r${index}`, index % 97 === 1 ? "none" : `v${index}`]);
  const found = foundByFile(staged.rows);
  expect(found[8]?.[1]).toMatch(/^2 .*record 8 \("v8"\)/);
  expect(found.toSpliced(8, 1)).toEqual(expected.toSpliced(8, 1));
});

test("a part that only its other columns show to want care is read with care, and its keys are those of its rows", async () => {
  writeFileSync(join(rig.folder, "table.csv"), "a,v\nx,1\ny,2\nz,3\n");
  const wanted: unknown[] = [];
  const staged = await rig.stage(
    byFile(),
    fields,
    // The note of the second row is no text.
    {
      "1.csv": Buffer.concat([
        Buffer.from("id,a,note\nr1,x,one\nr2,y,b"),
        Buffer.from([0xff]),
        Buffer.from("d\nr3,z,three\nr4,q,four\n"),
      ]),
      "2.csv": "id,a,note\nr5,z,five\n",
    },
    { looksUp: true, onLookup: (keys) => wanted.push(keys.map(({ key, rows }) => [key, rows])) },
  );
  expect(staged.staged.parts.map(({ careful, broken }) => [careful, broken.map(({ line }) => line)])).toEqual([
    [true, [3]],
    [false, []],
  ]);
  expect(foundByFile(staged.rows)).toEqual([
    ["r1", "1"],
    ["r3", "3"],
    ["r4", expect.stringMatching(/^no record/)],
    ["r5", "3"],
  ]);
  const keysOf = (rows: number) => [["q", 1], ["x", 1], ...(rows === 5 ? [["y", 1]] : []), ["z", 2]];
  expect(wanted).toEqual([keysOf(5), keysOf(4)]);
});

const fields = {
  Key__c: { kind: "text", caseSensitive: true },
  A: { kind: "text" },
  B: { kind: "text" },
  V: { kind: "text" },
  ByFile: { kind: "text" },
  ByRecord: { kind: "text" },
  ByOne: { kind: "text" },
} as const;

interface Entry {
  a: string;
  b: string;
  v: string;
}

const text = fc.constantFrom("", "x", "X", "ä", "Ä", "y", "x y");
const entry = fc.record({ a: text, b: text, v: fc.constantFrom("", "1", "2") });
const row = fc.record({ a: text, b: text });

/** What stands in the row, or the beginning of why it is refused. */
function lookUp(
  table: readonly Entry[],
  wanted: string[],
  fold: (key: string) => string,
  keyOf: (one: Entry) => string[],
) {
  if (wanted.every((part) => part === "")) return null;
  const hits = table.filter((one) => fold(keyOf(one).join("|")) === fold(wanted.join("|")));
  const values = [...new Set(hits.map(({ v }) => v || null))];
  if (hits.length === 0) return "no ";
  return values.length > 1 ? `${hits.length} ` : (values[0] ?? null);
}

const exact = (key: string) => key;
const folded = (key: string) => key.toLowerCase();
const both = ({ a, b }: Entry) => [a, b];

test("values, misses and ambiguous keys are those of a search by hand", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(entry, { maxLength: 12 }),
      fc.array(row, { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom(1, 2),
      async (table, rows, parts, threads) => {
        await rig.engine.run(`SET threads = ${threads}`);
        const csv = (list: object[], columns: string[]) => stringify(list, { header: true, columns, quoted: true });
        writeFileSync(join(rig.folder, "table.csv"), csv(table, ["a", "b", "v"]));
        const numbered = rows.map((one, id) => ({ id: `k${id}`, ...one }));
        const size = Math.ceil(numbered.length / parts);
        const files = Object.fromEntries(
          Array.from({ length: parts }, (_, part) => [
            `${part}.csv`,
            csv(numbered.slice(part * size, (part + 1) * size), ["id", "a", "b"]),
          ]),
        );
        // By the second record's order the table is read the other way round.
        const present = table.map(({ a, b, v }) => ({ A: a, B: b, V: v })).reverse();
        for (const [name, lookup, expected] of [
          [
            "ByFile",
            "file: table.csv, key: [a, b], value: v, from: [a, b]",
            (one: Entry) => lookUp(table, both(one), exact, both),
          ],
          [
            "ByRecord",
            "object: Thing, key: [A, B], value: V, from: [a, b]",
            (one: Entry) => lookUp(table, both(one), folded, both),
          ],
          [
            "ByOne",
            "object: Thing, key: A, value: V, from: a",
            (one: Entry) => lookUp(table, [one.a], folded, ({ a }) => [a]),
          ],
        ] as const) {
          const stream = `source: { connection: drop, files: "*" }
target: { connection: out, object: Thing, key: Key__c, mode: upsert }
map: { Key__c: id, ${name}: { lookup: { ${lookup} } } }`;
          const staged = await rig.stage(stream, fields, files, { present, looksUp: true });
          const found = staged.rows.map((one) => {
            const [, rule, why = ""] = String((one["_problems_"] as string[] | null)?.[0] ?? "").split("\u001f");
            return [one["Key__c"], one["_problems_"] === null ? one[name] : `${rule} ${why}`];
          });
          const wanted = numbered.map(({ id, a, b }) => [id, expected({ a, b, v: "" })]);
          expect(found.length).toBe(wanted.length);
          for (const [index, [id, value]] of wanted.entries()) {
            const [key, got] = found[index] ?? [];
            expect(key).toBe(id);
            if (value === "no " || value?.endsWith(" ") === true) expect(got).toMatch(new RegExp(`^lookup ${value}`));
            else expect(got).toBe(value);
          }
        }
      },
    ),
    { numRuns: casesOf(12) },
  );
});
