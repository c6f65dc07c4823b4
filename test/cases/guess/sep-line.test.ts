import { expect } from "vitest";
import { caseOf } from "../case.ts";
import { fileJob, fileProject, runFiles } from "../files/files-job.ts";
import { guessFile } from "./guess-files.ts";

caseOf("guess/sep-line", "a line sep=; is an instruction, not a header", async () => {
  for (const [text, delimiter, columns, count] of [
    ["sep=;\r\nNr;Name\r\n00017;Ann\r\n00018;Bob\r\n", ";", "Nr,Name", 2],
    ["\ufeffSEP=|\nNr|Name|Ort|Umsatz\n1|Ann|Köln|1,5\n", "|", "Nr,Name,Ort,Umsatz", 1],
    ['"sep=,"\nNr,Name\n1,x\n2,y\n', ",", "Nr,Name", 2],
  ] as const) {
    const { format, written } = await guessFile("in.csv", text);
    expect(format).toMatchObject({ delimiter, skip_lines: 1 });
    expect([written[0], written.length - 1]).toEqual([columns, count]);
  }
  // A run without skip_lines says what the line is.
  await using project = fileProject({ "in.csv": "sep=;\nNr;Name\n1;Ann\n" });
  for (const format of ["{}", '{ delimiter: ";" }', '{ delimiter: ";", columns: [Nr, Name] }']) {
    project.write({ "job.yaml": fileJob("in.csv", { format, map: { Nr: "Nr" } }) });
    const run = await runFiles(project);
    expect(run.code).not.toBe(0);
    expect(run.stderr).toContain('the line "sep=;" says to a spreadsheet which delimiter follows');
    expect(run.stderr).toContain('set format.skip_lines: 1 and format.delimiter: ";"');
  }
});
