import { expect } from "vitest";
import { caseOf } from "../case.ts";
import { fileJob, fileProject, runFiles } from "../files/files-job.ts";

const columns = ["case", "desc", "table", "Firma Nr", "a-b", "order", "1st", "e.mail"];

caseOf(
  "messages/columns-named-by-words-of-sql",
  "a column whose name is a word of SQL wants quotes: the message says so",
  async () => {
    const map = (write: (column: string) => string) =>
      Object.fromEntries(columns.map((column, index) => [`c${index}`, write(column)]));
    await using project = fileProject({
      "in.csv": `${columns.join(",")}\n${columns.map((_, index) => index).join(",")}\n`,
    });
    for (const around of [(column: string) => column, (column: string) => `trim(${column})`]) {
      project.write({ "job.yaml": fileJob("in.csv", { map: map(around) }) });
      const { code, stderr } = await project.run("check", "job.yaml");
      expect(code).toBe(2);
      for (const column of columns) expect(stderr).toContain(`put the name into double quotes: "${column}"`);
      expect(stderr).not.toMatch(/syntax error|subquery/);
      // It points at the word.
      const [shown = "", marked = ""] = stderr.split("\n").slice(1, 3);
      expect(marked.indexOf("~")).toBe(shown.indexOf(around("case")) + around("case").indexOf("case"));
    }
    project.write({ "job.yaml": fileJob("in.csv", { map: map((column) => `"${column}"`) }) });
    expect((await runFiles(project)).rows).toEqual([
      Object.fromEntries(columns.map((_, index) => [`c${index}`, String(index)])),
    ]);
    // Words that mean what SQL says are left alone, and so is what is in quotes.
    project.write({
      "job.yaml": fileJob("in.csv", { map: { a: `CASE WHEN "order" = 'desc' THEN 1 END`, b: "'a-b'" } }),
    });
    expect((await project.run("check", "job.yaml")).code).toBe(0);
  },
);
