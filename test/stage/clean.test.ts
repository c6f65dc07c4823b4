import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Failure } from "../../src/core/errors.ts";
import { cleanPart } from "../../src/stage/clean.ts";
import { csv, Rig } from "./rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open();
});
afterAll(() => rig[Symbol.dispose]());

interface Reading {
  /** Line and cells of each sound record. */
  sound: [string, ...string[]][];
  broken: { line: number; reason: string; cells: string[] }[];
}

async function readCarefully(content: string | Uint8Array, name = "a.csv", format = csv): Promise<Reading> {
  const [part] = await rig.extract({ [name]: content }, format);
  if (part === undefined) throw new Error("no part");
  const { path, broken } = await cleanPart({ part, format, firstLine: 1 }, join(rig.folder, "clean.csv"));
  const [, ...sound] = parse(readFileSync(path)) as Reading["sound"];
  return { sound, broken };
}

async function failureOf(content: string | Uint8Array, name?: string): Promise<Failure> {
  try {
    await readCarefully(content, name);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("a broken record is named with its line and reason, and the others go on", () => {
  test("too few and too many cells, also where the extra cell is empty", async () => {
    expect(await readCarefully("a,b\n1,2\n3\n4,5,6\n7,8,\n9,10\n")).toEqual({
      sound: [
        ["2", "1", "2"],
        ["6", "9", "10"],
      ],
      broken: [
        { line: 3, reason: "1 cell, the header has 2", cells: ["3"] },
        { line: 4, reason: "3 cells, the header has 2", cells: ["4", "5", "6"] },
        { line: 5, reason: "3 cells, the header has 2", cells: ["7", "8", ""] },
      ],
    });
  });

  test("bytes that are no UTF-8", async () => {
    const bytes = Buffer.from("a,b\n1,x\n2,M\xfcller\n3,z\n", "latin1");
    const { sound, broken } = await readCarefully(bytes);
    expect(sound.map(([line]) => line)).toEqual(["2", "4"]);
    expect(broken).toMatchObject([{ line: 3, reason: "not valid UTF-8" }]);
  });

  test("white space before a quote", async () => {
    const { sound, broken } = await readCarefully('a,b\n1, "x"\n2,"y"\n');
    expect(sound).toEqual([["3", "2", "y"]]);
    expect(broken).toMatchObject([{ line: 2, reason: "white space before a quote" }]);
  });

  test("text after a closing quote", async () => {
    const { sound, broken } = await readCarefully('a,b\n1,"x"y\n2,z\n');
    expect(sound).toEqual([["3", "2", "z"]]);
    expect(broken).toMatchObject([{ line: 2, reason: "text after a closing quote" }]);
  });
});

describe("a sound record is copied as it is", () => {
  test("values that only look like quoting", async () => {
    const { sound, broken } = await readCarefully('a,b\n5" pipe,"""hello"""\n');
    expect(broken).toEqual([]);
    expect(sound).toEqual([["2", '5" pipe', '"hello"']]);
  });

  test("letters beyond ASCII, also as a delimiter", async () => {
    const { sound } = await readCarefully("a§b\nŁ§ß\n", "a.csv", { ...csv, delimiter: "§" });
    expect(sound).toEqual([["2", "Ł", "ß"]]);
  });

  test("compressed, with a byte order mark before a quoted header over two lines", async () => {
    const { sound, broken } = await readCarefully(gzipSync('\ufeff"a\na",b\n1,2\n'), "a.csv.gz");
    expect(broken).toEqual([]);
    expect(sound).toEqual([["3", "1", "2"]]);
  });
});

describe("lines are counted as an editor counts them", () => {
  test("over line breaks in values and blank lines", async () => {
    const { sound } = await readCarefully('a,b\n\n1,"x\ny\nz"\n\n2,w\n3,v\n');
    expect(sound.map(([line]) => line)).toEqual(["3", "7", "8"]);
  });

  test("over mixed line ends", async () => {
    const { sound } = await readCarefully('a,b\r\n1,x\n2,"y\r\nz"\r\n3,w\n4,v\r\n');
    expect(sound.map(([line, first]) => [line, first])).toEqual([
      ["2", "1"],
      ["3", "2"],
      ["5", "3"],
      ["6", "4"],
    ]);
  });
});

describe("where the rest of a file can't be told apart, nothing of it is taken", () => {
  test("a quote that is never closed, with the line where it opens", async () => {
    const failure = await failureOf('a,b\n1,2\n3,"x\n4,5\n6,7\n');
    expect(failure.message).toBe("the quote that opens in this record is never closed");
    expect(failure.where).toEqual({ file: "a.csv", line: 3 });
    expect(failure.exitCode).toBe(1);
  });

  test("a record of more than 4 MB", async () => {
    const failure = await failureOf(`a,b\n1,2\n3,"${"x\n".repeat(3 << 20)}"\n`);
    expect(failure.message).toBe("the record that starts here is longer than 4 MB");
    expect(failure.where).toEqual({ file: "a.csv", line: 3 });
  });
});
