// Every line of a file ends in one named place: a row, a reject that tells its lines, the header, a line left out, or a
// blank one; or the file is refused by name. Over files made of anything, with any delimiter and quote.

import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Failure } from "../../src/core/errors.ts";
import { casesOf } from "../support/cases.ts";
import { FileReader, type Reading } from "./file-reader.ts";
import { Rig } from "./rig.ts";

let rig: Rig;
let reader: FileReader;
beforeAll(async () => {
  rig = await Rig.open();
  reader = new FileReader(rig);
});
afterAll(() => rig[Symbol.dispose]());

const columns = ["id", "name", "more"];

interface GeneratedFile {
  format: { delimiter: string; quote: string; skip_lines: number; footer_lines: number };
  text: string;
}

const generatedFile: fc.Arbitrary<GeneratedFile> = fc
  .record({
    delimiter: fc.constantFrom(",", ";", "\t", "|", "\u0001", "-", "§", " "),
    quote: fc.constantFrom('"', "'", "\u0002", "none"),
    end: fc.constantFrom("\n", "\r\n"),
    skipped: fc.integer({ min: 0, max: 2 }),
    footer: fc.integer({ min: 0, max: 2 }),
    stray: fc.constantFrom(0, 0, 1, 3),
  })
  .chain(({ delimiter, quote, end, skipped, footer, stray }) => {
    const mark = quote === "none" ? '"' : quote;
    const plain = fc.array(fc.constantFrom("a", "ü", "7", ".", " x"), { maxLength: 4 }).map((parts) => parts.join(""));
    const quoted = fc
      .array(fc.constantFrom("a", "ü", delimiter, mark + mark, end, " "), { maxLength: 6 })
      .map((parts) => `${mark}${parts.join("")}${mark}`);
    const broken = fc
      .array(fc.constantFrom("a", mark, delimiter, " ", end), { maxLength: 5 })
      .map((parts) => parts.join(""));
    const cell = fc.oneof(
      { weight: 6, arbitrary: plain },
      { weight: quote === "none" ? 0 : 4, arbitrary: quoted },
      { weight: stray, arbitrary: broken },
    );
    const record = fc.array(cell, { minLength: 3, maxLength: 3 }).map((cells) => cells.join(delimiter));
    const lines = fc.array(fc.oneof({ weight: 12, arbitrary: record }, { weight: 1, arbitrary: fc.constant("") }), {
      maxLength: 40,
    });
    return lines.map((body) => ({
      format: { delimiter, quote, skip_lines: skipped, footer_lines: footer },
      text: [
        ...Array.from({ length: skipped }, (_, index) => `before ${index}`),
        columns.join(delimiter),
        ...body,
        ...Array.from({ length: footer }, (_, index) => `behind ${index}`),
        "",
      ].join(end),
    }));
  });

test("every line of a file is a row, in a reject, left out or blank, or the file is refused", async () => {
  await fc.assert(
    fc.asyncProperty(generatedFile, async (file) => {
      let reading: Reading;
      try {
        reading = await reader.read("in.csv", Buffer.from(file.text), file.format);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        expect(error.where).toMatchObject({ file: "in.csv" });
        return;
      }
      accountFor(file, reading);
    }),
    { numRuns: casesOf(150) },
  );
});

interface Place {
  first: number;
  last: number;
}

function accountFor({ text, format }: GeneratedFile, reading: Reading): void {
  const lines = splitLines(text);
  const header = format.skip_lines + 1;
  const end = lines.findLastIndex((line) => line.trim() !== "") + 1 - format.footer_lines;
  const places: Place[] = [];
  for (const [line, ...cells] of reading.rows) {
    const raw = lines.slice(line - 1).join("");
    const length = writtenLength(cells, raw, format);
    expect({ line, cells, isWritten: length !== undefined }).toEqual({ line, cells, isWritten: true });
    const last = line + splitLines(raw.slice(0, length)).length - 1;
    places.push({ first: line, last });
  }
  for (const [line, reason] of reading.rejects) {
    const [, first = line, last = line] = /it spans lines (\d+)–(\d+)$/.exec(reason) ?? [];
    places.push({ first: Number(first), last: Number(last) });
  }
  places.sort((left, right) => left.first - right.first);
  let next = header + 1;
  for (const { first, last } of places) {
    expect(lines.slice(next - 1, first - 1).every(isBlank)).toBe(true);
    expect(first).toBeGreaterThanOrEqual(next);
    next = last + 1;
  }
  expect(lines.slice(next - 1, end).every(isBlank)).toBe(true);
}

const isBlank = (line: string) => /^[\r\n]*$/.test(line);

/** Each with its end. */
function splitLines(text: string): string[] {
  return text.match(/[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$/g) ?? [];
}

/** How long a record is that is written in this text, each cell as it is or in quotes; undefined where it is not. */
function writtenLength(
  cells: readonly (string | null)[],
  text: string,
  { delimiter, quote }: GeneratedFile["format"],
): number | undefined {
  let at = 0;
  for (const [index, cell] of cells.entries()) {
    if (cell === null) return undefined;
    if (index > 0) {
      if (!text.startsWith(delimiter, at)) return undefined;
      at += delimiter.length;
    }
    const inQuotes = `${quote}${cell.replaceAll(quote, quote + quote)}${quote}`;
    const written = quote !== "none" && text.startsWith(inQuotes, at) ? inQuotes : cell;
    if (!text.startsWith(written, at)) return undefined;
    at += written.length;
  }
  // The engine takes a record with an empty cell too many: nothing of it is lost.
  if (text.startsWith(delimiter, at)) at += delimiter.length;
  return /^(?:[\r\n]|$)/.test(text.slice(at)) ? at : undefined;
}
