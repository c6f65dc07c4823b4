import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { scanCsv } from "../../src/stage/csv-scan.ts";
import { countRefusedRecords } from "../../src/stage/stage.ts";
import { csv, Rig } from "./rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open();
});
afterAll(() => rig[Symbol.dispose]());

/** The cells of a file as the strict, fast way reads them. */
async function read(content: string | Uint8Array, name = "a.csv", format = csv): Promise<unknown[][]> {
  const [part] = await rig.extract({ [name]: content }, format);
  if (part === undefined) throw new Error("no part");
  const rows = await rig.engine.all(`SELECT * FROM ${scanCsv(part, format)}`);
  expect(await countRefusedRecords(rig.engine)).toBe(0);
  return rows.map((row) => Object.values(row));
}

describe("strict reading keeps every value as it stands in the file", () => {
  test.each([
    ["leading zeros", "00123"],
    ["words that look like booleans", "true"],
    ["integers beyond 64 bits", "12345678901234567890123"],
    ["decimals with their zeros", "1.500"],
    ["what looks like a date", "2020-01-02"],
    ["what looks like no value", "NULL"],
    ["blanks around a value", "  x  "],
    ["a quote inside a value", '5" pipe'],
    ["a backslash", "a\\b\\"],
    ["letters beyond ASCII", "Łukasz 🦆"],
  ])("%s", async (_what, value) => {
    expect(await read(`a,b\n${value},z\n`)).toEqual([[value, "z"]]);
  });

  test("an empty cell and a quoted empty cell are both an empty text, not a null", async () => {
    expect(await read('a,b\n,""\n')).toEqual([["", ""]]);
  });

  test("quoted commas, doubled quotes and line breaks belong to the value", async () => {
    expect(await read('a,b\n"x, ""y""\nz",1\n')).toEqual([['x, "y"\nz', "1"]]);
  });

  test("CRLF ends a record and stays inside a quoted value", async () => {
    expect(await read('a,b\r\n1,"x\r\ny"\r\n2,z\r\n')).toEqual([
      ["1", "x\r\ny"],
      ["2", "z"],
    ]);
  });

  test("a last line without an end counts", async () => {
    expect(await read("a,b\n1,2\n3,4")).toEqual([
      ["1", "2"],
      ["3", "4"],
    ]);
  });

  test("a byte order mark is no part of the first column's name", async () => {
    const [part] = await rig.extract({ "a.csv": "\ufeffkey,b\n1,2\n" });
    expect(part?.columns).toEqual(["key", "b"]);
    expect(await read("\ufeffkey,b\n1,2\n")).toEqual([["1", "2"]]);
  });

  test("a compressed file reads as its content, also in several members", async () => {
    const members = Buffer.concat([gzipSync("a,b\n007,x\n"), gzipSync("008,y\n")]);
    expect(await read(members, "a.csv.gz")).toEqual([
      ["007", "x"],
      ["008", "y"],
    ]);
  });

  test("other delimiters and quotes", async () => {
    const format = { ...csv, delimiter: ";", quote: "'" };
    expect(await read("a;b\n'x;''y''';\"1\"\n", "a.csv", format)).toEqual([["x;'y'", '"1"']]);
  });

  test("a header alone is no rows", async () => {
    expect(await read("a,b\n")).toEqual([]);
  });
});

describe("extraction", () => {
  test("keeps the bytes of a file and names them by their SHA-256", async () => {
    const [part] = await rig.extract({ "a.csv": "a,b\n1,2\n" });
    expect(part).toMatchObject({
      bytes: 8,
      compressed: false,
      suspect: false,
      label: "a.csv",
      sha256: "492d5ea496056f1a6a6592241032fab764c321596317930b4fa0e1e8bc3b7470",
    });
  });

  test("takes files in the order of their names", async () => {
    const parts = await rig.extract({ "b.csv": "a\n1\n", "a.csv": "a\n2\n" });
    expect(parts.map(({ ordinal, label }) => [ordinal, label])).toEqual([
      [1, "a.csv"],
      [2, "b.csv"],
    ]);
  });

  test("a damaged compressed file is said to be damaged", async () => {
    const whole = gzipSync("a,b\n1,2\n".repeat(1000));
    await expect(rig.extract({ "a.csv.gz": whole.subarray(0, whole.length - 20) })).rejects.toThrow(
      "the compressed file is damaged",
    );
  });
});
