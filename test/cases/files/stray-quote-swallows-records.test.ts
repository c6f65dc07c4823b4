import { expect } from "vitest";
import { caseOf } from "../case.ts";
import { fileJob, fileProject, runFiles } from "./files-job.ts";

const map = { id: "id", name: "name" };
/** Files of three rows follow those of a thousand: that is no slip here. */
const job = (format: string) =>
  `${fileJob("in.csv", { format, map, rejectsMax: "5%" })}guards: { source_rows_min_vs_last: 0% }\n`;

/** 1,000 parts, some of them with an inch sign. */
function parts(signs: Record<number, (name: string) => string>): string {
  const rows = Array.from({ length: 1000 }, (_, index) => {
    const name = `part ${index + 1}`;
    return `${index + 1},${signs[index + 1]?.(name) ?? name}`;
  });
  return ["id,name", ...rows, ""].join("\n");
}

const atStart = (name: string) => `"${name}`;
const inside = (name: string) => name.replace(" ", '" ');
const atEnd = (name: string) => `${name}"`;

caseOf("files/stray-quote-swallows-records", "a stray quote does not take hundreds of records with it", async () => {
  const whole = parts({ 251: atStart, 901: atEnd });
  await using project = fileProject({ "job.yaml": job("{}"), "in.csv": parts({ 251: atStart, 901: inside }) });
  // Closed within a value and at its end: the lines of both quotes, nothing written.
  for (const csv of [project.read("inbox/in.csv"), whole, whole.replaceAll("\n", "\r\n")]) {
    project.write({ "inbox/in.csv": csv });
    const run = await runFiles(project);
    expect(run).toMatchObject({ code: 1, rows: [] });
    expect(run.stderr).toContain("in.csv:252: a quote opens in line 252 and closes in line 902");
    expect(run.stderr).toContain("none if it has none");
  }
  // Fewer lines: the reject counts for them, and more than rejects.max stops the run.
  project.write({ "inbox/in.csv": parts({ 251: atStart, 320: inside }) });
  const short = await runFiles(project);
  expect(short).toMatchObject({ code: 4, rows: [] });
  expect(short.stderr).toContain("70 rows rejected, at most 5 % of 1000");
  expect(short.rejects).toContain("it spans lines 252–321");
  // As a value that CSV allows it is told.
  project.write({ "inbox/in.csv": parts({ 251: atStart, 320: atEnd }) });
  const told = await runFiles(project);
  expect(told.stderr).toContain("the value in lines 252–321 holds lines that look like records");
  // Where quotes are no quotes.
  project.write({ "job.yaml": job("{ quote: none }"), "inbox/in.csv": whole });
  const read = await runFiles(project);
  expect(read).toMatchObject({ code: 0, counts: { extracted: 1000, rejected: 0 } });
  expect(read.rows[250]).toEqual({ id: "251", name: '"part 251' });
  expect(read.rows[900]).toEqual({ id: "901", name: 'part 901"' });
  // Addresses, notes and e-mails are values.
  const letter = `Dear Ms Miller,\n\n${"thank you for your call, we will look into it\nand answer soon\n".repeat(80)}`;
  project.write({
    "job.yaml": job("{}"),
    "inbox/in.csv": `id,name\n1,"Main Street 1\nBerlin, Germany\n\n"\n2,"${letter}"\n3,x\n`,
  });
  const notes = await runFiles(project);
  expect(notes.rows.map(({ name }) => name)).toEqual(["Main Street 1\nBerlin, Germany\n\n", letter, "x"]);
  expect(notes.code).toBe(0);
  expect(notes.stderr).toContain("a value of more than 100 lines; the longest stands in lines 6–168");
});
