import { readdirSync } from "node:fs";
import { stringify } from "csv-stringify/sync";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { gatherParts } from "../../src/pipeline/stage/stage-part.ts";
import { casesOf } from "../support/cases.ts";
import { csv, type Field, type Files, Rig, type Staged } from "./rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open();
});
afterAll(() => rig[Symbol.dispose]());

const fields: Record<string, Field> = {
  Key__c: { kind: "text" },
  Name: { kind: "text" },
  Extra__c: { kind: "text" },
  Amount__c: { kind: "number" },
};
const stream = `
source: { connection: drop, files: "*", optional: [extra] }
target: { connection: org, object: Thing, key: Key__c, mode: upsert }
map: { Key__c: key, Name: name, Extra__c: extra, Amount__c: "CAST(amount AS DECIMAL(10, 2))" }
validate: [ { field: Name, required: true } ]`;

const nameOf = (index: number) => `part-${String(index).padStart(4, "0")}.csv`;

function filesOf(texts: readonly string[]): Files {
  return Object.fromEntries(texts.map((text, index) => [nameOf(index), text]));
}

function gathered({ staged }: Staged): number[] {
  const parts = staged.parts.map(({ part }) => part);
  return [...gatherParts(parts, { kind: "files", format: csv } as never)].map(({ length }) => length);
}

/** The stage's rows less what says from which part they are. */
function rowsOf({ rows }: Staged): unknown[] {
  return rows.map(({ _part_, _position_, ...row }) => row);
}

const header = ["key", "name", "amount"];
const cell = fc.oneof(fc.constantFrom("", "x", 'a "b"', "two\nlines", ",;", "ü€", "NULL"), fc.string({ maxLength: 5 }));
// What a quoted cell may not hold in strict CSV is another test's matter.
const text = cell.map((value) => value.replaceAll("\0", "").replaceAll("\r", ""));
const row = fc.tuple(text, text, fc.constantFrom("1", "2.5", "no number", ""));

test("many small files are staged as one file of all their rows would be, each row with its part and place", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(row, { maxLength: 4 }), { minLength: 2, maxLength: 40 }), async (parts) => {
      const write = (rows: (readonly string[])[]) => stringify([header, ...rows], { quoted: true });
      const many = await rig.stage(stream, fields, filesOf(parts.map(write)));
      const places = many.rows.map(({ _part_, _position_ }) => [_part_, _position_]);
      const rows = rowsOf(many);
      expect(gathered(many)).toEqual([parts.length]);
      expect(many.staged.parts.map((part) => part.rows)).toEqual(parts.map(({ length }) => length));
      expect(places).toEqual(parts.flatMap((each, index) => each.map((_, position) => [index + 1, position])));
      const one = await rig.stage(stream, fields, { "all.csv": write(parts.flat()) });
      expect(rows).toEqual(rowsOf(one));
    }),
    { numRuns: casesOf(30) },
  );
});

test("a file that is to be read with care, of other columns or large, stands between them without mixing up a row", async () => {
  const plain = (name: string) => `key,name,amount\n${name},${name},1\n`;
  const texts = [
    plain("a"),
    plain("b"),
    'key,name,amount\nc1,"bro"ken,1\nc2,c2,1\n',
    plain("d"),
    "name,key,amount,extra\ne,e,1,more\n",
    plain("f"),
    `key,name,amount\ng,${"g".repeat(1 << 20)},1\n`,
    plain("h"),
    plain("i"),
  ];
  const done = await rig.stage(stream, fields, filesOf(texts));
  expect(gathered(done)).toEqual([4, 1, 1, 1, 2]);
  expect(done.rows.map(({ Key__c, _part_, _row_ }) => [Key__c, _part_, _row_])).toEqual([
    ["a", 1, 0],
    ["b", 2, 1],
    ["c2", 3, 2],
    ["d", 4, 3],
    ["e", 5, 4],
    ["f", 6, 5],
    ["g", 7, 6],
    ["h", 8, 7],
    ["i", 9, 8],
  ]);
  const names = done.rows.map(({ Name, Extra__c }) => `${String(Name).slice(0, 4)} ${Extra__c}`);
  expect(names).toEqual(
    ["a", "b", "c2", "d", "e more", "f", "gggg", "h", "i"].map((text) => (text.includes(" ") ? text : `${text} null`)),
  );
  expect(done.staged.parts.map(({ broken }) => broken.map(({ line }) => line))).toEqual([
    [],
    [],
    [2],
    [],
    [],
    [],
    [],
    [],
    [],
  ]);
});

test("350 files are a few of the stage, and the first and the last row of each are where they belong", async () => {
  const texts = Array.from({ length: 350 }, (_, index) => `key,name,amount\n${index}-0,x,1\n${index}-1,x,1\n`);
  const done = await rig.stage(stream, fields, filesOf(texts));
  expect(gathered(done)).toEqual([100, 100, 100, 50]);
  expect(
    done.rows.map(({ Key__c, _part_, _position_, _row_ }) => `${Key__c} ${_part_} ${_position_} ${_row_}`),
  ).toEqual(
    texts.flatMap((_, index) => [0, 1].map((place) => `${index}-${place} ${index + 1} ${place} ${2 * index + place}`)),
  );
  const folders = readdirSync(rig.folder).filter((name) => name.startsWith("stage-"));
  expect(readdirSync(`${rig.folder}/${folders.at(-1)}`).length).toBeLessThan(10);
});
