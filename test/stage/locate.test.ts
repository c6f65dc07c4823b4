import { gzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DoubtfulTextSearch } from "../../src/formats/doubtful-text.ts";
import { scanCsv } from "../../src/stage/csv-scan.ts";
import { locateRecords } from "../../src/stage/locate.ts";
import { countRefusedRecords } from "../../src/stage/stage.ts";
import { casesOf } from "../support/cases.ts";
import { csv, Rig } from "./rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open();
});
afterAll(() => rig[Symbol.dispose]());

const cell = fc.oneof(
  fc.string({ unit: fc.constantFrom("a", "é", " ", "7", '"', "'"), maxLength: 4 }),
  fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", "\r\n"), maxLength: 4 }).map((text) => `"${text}`),
);

interface Table {
  rows: string[][];
  lineEnd: string;
  /** Blank lines before the record of the same number. */
  blanks: number[];
  lastLineEnds: boolean;
}

const table: fc.Arbitrary<Table> = fc.record({
  rows: fc.array(fc.array(cell, { minLength: 2, maxLength: 2 }), { minLength: 1, maxLength: 8 }),
  lineEnd: fc.constantFrom("\n", "\r\n"),
  blanks: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 8, maxLength: 8 }),
  lastLineEnds: fc.boolean(),
});

/** A cell that starts with a quote is written quoted. */
function write({ rows, lineEnd, blanks, lastLineEnds }: Table): string {
  const quote = (value: string) => (value.startsWith('"') ? `"${value.slice(1).replaceAll('"', '""')}"` : value);
  const lines = rows.map((row, index) => lineEnd.repeat(blanks[index] ?? 0) + row.map(quote).join(","));
  return ["a,b", ...lines].join(lineEnd) + (lastLineEnds ? lineEnd : "");
}

/** The first line of each record, by csv-parse. */
function linesByParser(text: string): number[] {
  const records = parse(text, { relax_quotes: true, skip_empty_lines: true, raw: true }) as unknown as {
    record: string[];
    raw: string;
  }[];
  let line = 1;
  const lines = records.map(({ raw }) => {
    const start = line + (/^(?:\r?\n|\r)*/.exec(raw)?.[0].match(/\r\n|\n|\r/g)?.length ?? 0);
    line += raw.match(/\r\n|\n|\r/g)?.length ?? 0;
    return start;
  });
  return lines.slice(1);
}

test("records start at the lines that csv-parse finds", async () => {
  await fc.assert(
    fc.asyncProperty(table, fc.boolean(), async (data, compressed) => {
      const text = write(data);
      const name = compressed ? "a.csv.gz" : "a.csv";
      const [part] = await rig.extract({ [name]: compressed ? gzipSync(text) : text });
      if (part === undefined) throw new Error("no part");
      const found = await locateRecords(part, csv, new Set(data.rows.keys()));
      expect([...found.values()]).toEqual(linesByParser(text));
    }),
    { numRuns: casesOf(300) },
  );
});

test("the n-th located record is the n-th row of the engine", async () => {
  await fc.assert(
    fc.asyncProperty(table, async (data) => {
      const [part] = await rig.extract({ "a.csv": write(data) });
      if (part === undefined) throw new Error("no part");
      fc.pre(!part.suspect);
      const rows = await rig.engine.all(`SELECT a, b FROM ${scanCsv(part, csv)}`);
      fc.pre((await countRefusedRecords(rig.engine)) === 0);
      const found = await locateRecords(part, csv, new Set([...rows.keys(), rows.length]));
      expect(found.size).toBe(rows.length);
    }),
    { numRuns: casesOf(100) },
  );
});

test("a byte order mark does not hide the quote of the first column", async () => {
  const [part] = await rig.extract({ "a.csv": '\ufeff"a\na",b\n1,2\n' });
  if (part === undefined) throw new Error("no part");
  expect(await locateRecords(part, csv, new Set([0]))).toEqual(new Map([[0, 3]]));
});

test("a delimiter beyond ASCII is one", async () => {
  const format = { ...csv, delimiter: "→" };
  const [part] = await rig.extract({ "a.csv": 'a→b\n1→"x\ny"\n2→z\n' }, format);
  if (part === undefined) throw new Error("no part");
  expect(await locateRecords(part, format, new Set([1]))).toEqual(new Map([[1, 4]]));
});

const spaced = [', "', '\n "', '\r "', ',        "'];
const unspaced = [',"', ', ""', "x", 'x "', ",        "];

test("a space before an opening quote is found wherever the chunks are cut", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...spaced, ...unspaced),
      fc.nat({ max: 20 }),
      fc.nat({ max: 20 }),
      (middle, cut, next) => {
        const bytes = Buffer.from(`aaa${middle}bbb"`);
        const search = new DoubtfulTextSearch(csv);
        search.feed(bytes.subarray(0, cut));
        search.feed(bytes.subarray(cut, cut + next));
        search.feed(bytes.subarray(cut + next));
        expect(search.found).toBe(spaced.includes(middle));
      },
    ),
  );
});
