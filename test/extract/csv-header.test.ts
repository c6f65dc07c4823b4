import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { csv, Rig } from "../stage/rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open();
});
afterAll(() => rig[Symbol.dispose]());

async function columnsOf(content: string | Uint8Array, name = "a.csv", format = csv): Promise<string[]> {
  const [part] = await rig.extract({ [name]: content }, format);
  return part?.columns ?? [];
}

describe("the header names the columns", () => {
  test.each([
    ["plain", "a,b\n1,2\n", ["a", "b"]],
    ["quoted, with a comma and a line break", '"a,\nb",c\r\n1,2\r\n', ["a,\nb", "c"]],
    ["after a byte order mark", '\ufeff"a",b\n', ["a", "b"]],
    ["after blank lines", "\n\na,b\n", ["a", "b"]],
    ["without a line end", "a,b", ["a", "b"]],
    ["with blanks around a name", " a ,b\n", [" a ", "b"]],
  ])("%s", async (_what, content, columns) => {
    expect(await columnsOf(content)).toEqual(columns);
  });

  test("in a compressed file", async () => {
    expect(await columnsOf(gzipSync("a,b\n1,2\n"), "a.csv.gz")).toEqual(["a", "b"]);
  });

  test("with the delimiter of the job", async () => {
    expect(await columnsOf("a;b,c\n", "a.csv", { ...csv, delimiter: ";" })).toEqual(["a", "b,c"]);
  });
});

describe("a header that can't be used is refused before anything is staged", () => {
  test.each([
    ["", "the file is empty: it has no header"],
    ["a,,b\n", "column 2 of the header has no name"],
    ["a,b,A\n", 'the header names "A" twice: columns 1 and 3'],
    ['"a,b\n1,2\n', "the header can't be read"],
  ])("%j", async (content, message) => {
    await expect(columnsOf(content)).rejects.toThrow(message);
    await expect(columnsOf(content)).rejects.toMatchObject({ exitCode: 1, where: { file: "a.csv" } });
  });

  test("one that stands where the job names the columns is no record", async () => {
    const named = { ...csv, columns: ["a", "b"] };
    await expect(columnsOf("a,b\n1,2\n", "a.csv", named)).rejects.toThrow("it is a header");
    for (const row of ["a,c", "A,b"]) expect(await columnsOf(`${row}\n1,2\n`, "a.csv", named)).toEqual(["a", "b"]);
    expect(await columnsOf("n\ny\n", "a.csv", { ...csv, columns: ["n"] })).toEqual(["n"]);
  });

  test("one that skip_lines leaves out is not called an empty file", async () => {
    const message = "the file has no header beside the 5 lines that skip_lines and footer_lines leave out";
    await expect(columnsOf("a,b\n1,2\n", "a.csv", { ...csv, skipLines: 5 })).rejects.toThrow(message);
  });
});
