// fixtures/csv-broken: files with one defect each. What must hold of each: loadline does not crash, alters nothing
// silently, and accounts for every record by its line: it is taken as it is written, or rejected with a reason, or the
// file is refused.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { repository } from "../support/rig.ts";
import { FileReader } from "./file-reader.ts";
import { Rig } from "./rig.ts";

const folder = join(repository, "fixtures/csv-broken");

interface Expected {
  what: string;
  format?: object;
  columns?: string[];
  rows?: [line: number, ...cells: string[]][];
  rejects?: [line: number, reason: string][];
  refused?: [line: number | null, message: string];
}

const expected = parse(readFileSync(join(folder, "expected.yaml"), "utf8")) as Record<string, Expected>;

let rig: Rig;
let reader: FileReader;
beforeAll(async () => {
  rig = await Rig.open();
  reader = new FileReader(rig);
});
afterAll(() => rig[Symbol.dispose]());

describe("fixtures/csv-broken", () => {
  test("has an answer to each of its files, of which there are at least 60", () => {
    const files = readdirSync(folder).filter((name) => name !== "expected.yaml");
    expect(files.sort()).toEqual(Object.keys(expected).sort());
    expect(files.length).toBeGreaterThanOrEqual(60);
  });

  test.each(Object.entries(expected).map(([name, answer]) => ({ name, ...answer })))(
    "$name: $what",
    async ({ name, format = {}, columns = ["a", "b", "c"], rows = [], rejects = [], refused }) => {
      const bytes = readFileSync(join(folder, name));
      if (refused !== undefined) {
        expect(await reader.refusalOf(name, bytes, format)).toEqual(refused);
        return;
      }
      const reading = await reader.read(name, bytes, format);
      expect({ rows: reading.rows, rejects: reading.rejects }).toEqual({ rows, rejects });
      expect(reading.columns).toEqual(columns.slice(0, reading.columns.length));
    },
  );
});
