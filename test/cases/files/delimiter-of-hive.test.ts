import { expect } from "vitest";
import { parse } from "yaml";
import { caseOf } from "../case.ts";
import { fileJob, fileProject } from "./files-job.ts";

const columns = ["id", "name", "more"];
const map = { id: "id", name: "name", more: "more" };
// What the engine's own mark of no value was made of, letters, blanks, and characters of several bytes.
const delimiters = ["\u0001", "l", "\t", " ", "\\", "'", "#", "🦆"];
const quotes = ["\u0001", "-", "'", " "];

/** All dialects in one job, each a stream of its own. */
function jobOf(from: string, to: string, written: (format: object) => object): string {
  const dialects = [...delimiters.map((delimiter) => ({ delimiter })), ...quotes.map((quote) => ({ quote }))];
  const streams = dialects.map((format, index) => [
    `s${index}`,
    {
      source: { connection: "drop", files: `${from}-${index}.csv`, format },
      target: { connection: "drop", files: `${to}-${index}.csv`, mode: "replace", format: written(format) },
      map,
    },
  ]);
  return JSON.stringify({ version: 1, name: "dialects", streams: Object.fromEntries(streams) });
}

function write(rows: readonly string[][], delimiter: string, quote: string): string {
  const line = (cells: readonly string[]) =>
    cells.map((cell) => `${quote}${cell.replaceAll(quote, quote + quote)}${quote}`).join(delimiter);
  return `${rows.map(line).join("\n")}\n`;
}

caseOf("files/delimiter-of-hive", "a character that cannot be taken is refused by check", async () => {
  const rows = [...delimiters, ...quotes].map((mark) => [`x${mark}y`, `a,${mark}b\nc "${mark}"`, ""]);
  await using project = fileProject({});
  for (const [index, delimiter] of delimiters.entries()) {
    project.write({ [`inbox/in-${index}.csv`]: write([columns, ...rows], delimiter, '"') });
  }
  for (const [index, quote] of quotes.entries()) {
    project.write({ [`inbox/in-${delimiters.length + index}.csv`]: write([columns, ...rows], ",", quote) });
  }
  // There and back: what is written with a character is read with it.
  project.write({
    "there.yaml": jobOf("in", "there", (format) => format),
    "back.yaml": jobOf("there", "back", () => ({ type: "jsonl" })),
  });
  for (const job of ["there.yaml", "back.yaml"]) {
    const run = await project.run("run", job, "--json");
    expect({ job, code: run.code, stderr: run.code === 0 ? "" : run.stderr }).toEqual({ job, code: 0, stderr: "" });
  }
  for (const index of [...delimiters, ...quotes].keys()) {
    const read = project.read(`inbox/back-${index}.csv`).trimEnd().split("\n");
    expect(read.map((line) => Object.values(JSON.parse(line) as object))).toEqual(rows);
  }

  for (const [format, why] of [
    ['{ quote: "»" }', "a quote is a character of ASCII"],
    ['{ delimiter: "\\0" }', "take another one"],
    ['{ delimiter: "||" }', "expected one character"],
    ['{ delimiter: "\\n" }', "a line break ends a line"],
    ["{ quote: none, escape: a }", "escape is the delimiter, or stands beside quote: none"],
  ] as const) {
    project.write({ "job.yaml": fileJob("in-0.csv", { format, map }) });
    const check = await project.run("check", "job.yaml");
    expect([format, check.code]).toEqual([format, 2]);
    expect(check.stderr).toContain(why);
  }

  // Hive's default is guessed.
  project.write({ "inbox/in.txt": "id\u0001name\n1\u0001x\n2\u0001y\n" });
  const guess = await project.run("guess", "inbox/in.txt");
  expect(parse(guess.stdout)).toMatchObject({ streams: { in: { source: { format: { delimiter: "\u0001" } } } } });
});
