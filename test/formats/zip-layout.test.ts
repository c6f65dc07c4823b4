// Zips that hold more than the directory at their end lists, which every reader would leave out without a word.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { unpackFile } from "../../src/formats/unpack.ts";
import { zipOf } from "../support/zip.ts";

const ending = "PK\x05\x06";
const one = zipOf({ "a.csv": "id\n1\n" });
const two = zipOf({ "a.csv": "id\n1\n", "b.csv": "id\n2\n" });

async function unpack(zip: Buffer): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "loadline-zip-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "in.zip");
  writeFileSync(path, zip);
  const unpacked: string[] = [];
  const archive = { path, label: "in.zip", bytes: zip.length };
  for await (const file of unpackFile(archive, (index) => join(folder, `${index}`)))
    unpacked.push(`${file.label}: ${readFileSync(file.path, "utf8").trim().split("\n").join(" ")}`);
  return unpacked;
}

/** The directory says that there is one file. `listed`: what it tells of the second one goes too. */
function countOne(zip: Buffer, isListed: boolean): Buffer {
  const first = zip.indexOf("PK\x01\x02", 0, "latin1");
  const second = zip.indexOf("PK\x01\x02", first + 4, "latin1");
  const end = Buffer.from(zip.subarray(zip.indexOf(ending, 0, "latin1")));
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  if (!isListed) end.writeUInt32LE(second - first, 12);
  return Buffer.concat([zip.subarray(0, isListed ? zip.length - end.length : second), end]);
}

test.each([
  ["two zips of one shape in a row", Buffer.concat([one, zipOf({ "b.csv": "id\n2\n" })])],
  ["a file that the directory does not list", countOne(two, false)],
  ["a directory that counts too few", countOne(two, true)],
])("%s: refused", async (_name, zip) => {
  await expect(unpack(zip)).rejects.toMatchObject({
    message: "the compressed file is damaged",
    why: expect.stringContaining("which its directory does not list"),
  });
});

/** As Python's zipfile writes to a stream: a folder, a file of zip64, a comment, a file that looks like a directory. */
const streamed = Buffer.from(
  `
    UEsDBBQACAAAACIyel0AAAAAAAAAAAAAAAACAAAAeC9QSwcIAAAAAAAAAAAAAAAAUEsDBBQACAAAACIyel0AAAAAAAAAAAAAAAAHAAAAeC9iLm
    NzdmlkCjIKUEsHCMy6duYFAAAABQAAAFBLAwQUAAgAAAAiMnpdAAAAAAAAAAAAAAAABQAAAGMuY3N2aWQKUEsDBCBQSwECClBLBwjPVXFwDQAA
    AA0AAABQSwMELQAIAAAAAAAhAAAAAAD//////////wUAFABhLmNzdgEAEAAAAAAAAAAAAAAAAAAAAAAAaWQKMQpQSwcID+lbzQUAAAAAAAAABQ
    AAAAAAAABQSwECFAMUAAgAAAAiMnpdAAAAAAAAAAAAAAAAAgAAAAAAAAAAABAA/UEAAAAAeC9QSwECFAMUAAgAAAAiMnpdzLp25gUAAAAFAAAA
    BwAAAAAAAAAAAAAAgAEwAAAAeC9iLmNzdlBLAQIUAxQACAAAACIyel3PVXFwDQAAAA0AAAAFAAAAAAAAAAAAAACAAWoAAABjLmNzdlBLAQItAy
    0ACAAAAAAAIQAP6VvNBQAAAAUAAAAFAAAAAAAAAAAAAACAAaoAAABhLmNzdlBLBQYAAAAABAAEAMsAAAD+AAAADwBQSyBpcyBubyBoZWFkZXI=
  `,
  "base64",
);

test("what other programs write, streamed, with folders, comments and zips in zips, is taken", async () => {
  expect(await unpack(streamed)).toEqual([
    "in.zip/a.csv: id 1",
    "in.zip/c.csv: id PK\x03\x04 PK\x01\x02",
    "in.zip/x/b.csv: id 2",
  ]);
});
