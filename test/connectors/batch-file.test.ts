// Our own batch files, parted without a parser: the same cells as a parser gives, of all columns and of some.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { expect, onTestFinished, test } from "vitest";
import { openBatch } from "../../src/connectors/kit/batch-file.ts";

const cells = ["", '""', "a", '"a,b"', '"say ""so"""', '"two\nlines"', "ü🙂", '","', "0"];

test.each([true, false])("cells are a parser's, of all columns and of some; with quotes: %s", (hasQuotes) => {
  const folder = mkdtempSync(join(tmpdir(), "loadline-batch-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const usable = hasQuotes ? cells : cells.filter((cell) => !cell.includes('"'));
  const path = join(folder, "batch.csv");
  for (let seed = 0; seed < 200; seed += 1) {
    const pick = (at: number) => usable[(seed * 31 + at * 17 + ((seed * at) % 7)) % usable.length] ?? "";
    const rows = Array.from({ length: 1 + (seed % 4) }, (_, row) => [0, 1, 2].map((column) => pick(row * 3 + column)));
    const text = `${[["id", "name", "note"], ...rows].map((row) => row.join(",")).join("\n")}${seed % 2 === 0 ? "\n" : ""}`;
    writeFileSync(path, text);
    const [headers = [], ...wanted] = parse(text) as string[][];
    const batch = openBatch(path);
    expect(batch.headers).toEqual(headers);
    expect(batch.rows, text).toEqual(wanted);
    for (const some of [["id"], ["name"], ["note"], ["id", "note"], []]) {
      const picked = wanted.map((row) => row.filter((_, index) => some.includes(headers[index] ?? "")));
      expect(batch.cellsOf(some), text).toEqual(picked);
    }
  }
});
