import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type LineEnding, openCsv } from "../../src/sandbox/csv-reader.ts";
import { temporaryFolder } from "./support.ts";

function fileOf(content: string): string {
  const path = join(temporaryFolder(), "upload.csv");
  writeFileSync(path, content);
  return path;
}

function readAll(content: string, lineEnding: LineEnding = "LF", delimiter = ","): string[][] {
  const reader = openCsv(fileOf(content), delimiter, lineEnding, 0);
  try {
    return reader.read(1_000_000).map((record) => record.cells);
  } finally {
    reader.close();
  }
}

const cell = fc.string({ unit: fc.constantFrom("a", "é", "😀", '"', ",", "\n", " ", ";", "\t") });
const table = fc
  .integer({ min: 2, max: 4 })
  .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 20 }));

test("what a CSV writer wrote is read back cell for cell", () => {
  const path = fileOf("");
  fc.assert(
    fc.property(table, fc.constantFrom(",", ";", "\t"), fc.boolean(), (rows, delimiter, quoted) => {
      writeFileSync(path, stringify(rows, { delimiter, quoted }));
      const reader = openCsv(path, delimiter, "LF", 0);
      expect(reader.read(1000).map((record) => record.cells)).toEqual(rows);
      reader.close();
    }),
  );
});

test("reading can stop after any record and go on from the offset in another reader", () => {
  const path = fileOf("");
  fc.assert(
    fc.property(table, fc.nat(20), (rows, stop) => {
      writeFileSync(path, stringify(rows));
      const first = openCsv(path, ",", "LF", 0);
      const before = first.read(stop);
      const second = openCsv(path, ",", "LF", first.offset);
      const after = second.read(1000);
      expect([...before, ...after].map((record) => record.cells)).toEqual(rows);
      first.close();
      second.close();
    }),
  );
});

test("a file larger than a block is read whole", () => {
  const rows = Array.from({ length: 60_000 }, (_, row) => [`key ${row}`, `a "quoted", value of ${row}`, "é"]);
  expect(readAll(stringify(rows))).toEqual(rows);
});

test("line endings other than the job's are refused, in the header and later", () => {
  for (const content of ["a,b\r\n1,2\r\n", "a,b\n1,2\r\n"])
    expect(() => readAll(content)).toThrow("LineEnding is invalid on user data. Current LineEnding setting is LF");
  expect(() => readAll("a,b\n1,2\n", "CRLF")).toThrow("Current LineEnding setting is CRLF");
  expect(readAll('a,b\r\n"x\r\ny",2\r\n', "CRLF")).toEqual([
    ["a", "b"],
    ["x\r\ny", "2"],
  ]);
});

test("a value beside its quotes, and a quote inside a bare value, make a stray quote; the next record is fine", () => {
  const reader = openCsv(fileOf('"John", "Smith"\nJo"hn,Smith\nJohn, Smith\n"open,x\n'), ",", "LF", 0);
  expect(reader.read(10).map((record) => record.strayQuote)).toEqual([true, true, false, true]);
  reader.close();
});

test("empty lines are no records and a last line without a newline is one", () => {
  expect(readAll("a,b\n\n1,2")).toEqual([
    ["a", "b"],
    ["1", "2"],
  ]);
});
