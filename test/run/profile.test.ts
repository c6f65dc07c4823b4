// `loadline profile`: what columns hold, of files of several formats and of an object.

import { expect, test } from "vitest";
import { rehearse } from "./support.ts";

interface Profiled {
  rows: number;
  notes: string[];
  columns: { name: string; type: string; patterns: { pattern: string }[]; [figure: string]: unknown }[];
}

test("loadline profile tells blanks, different values, ranges, patterns and types of each column", async () => {
  await using place = await rehearse("", {
    "inbox/c.csv":
      'no,zip,born,mail,size,empty\n1,01234,2026-01-31,a@b.de,9.5,\n2,99999,2026-02-01,c@d.com,-2,\n3,,,"x ""y""@z.io",10,\n3,01234,,,,\n',
    "inbox/odd.csv": 'a;b\n1;x\n2;"y" z\n3;ü1\n',
    "inbox/r.json": '[{"id": 1, "name": null}, {"id": 2, "name": ""}, {"id": 2}]',
  });
  const { project, sandbox } = place;
  project.env = { SF_CLIENT_ID: "sandbox", SF_CLIENT_SECRET: "sandbox" };
  const run = await project.run("profile", "inbox/c.csv", "inbox/r.json", "inbox/odd.csv", "--json");
  expect(run.stderr).toBe("");
  const [csv, json, odd] = run.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Profiled);
  expect(csv?.rows).toBe(4);
  const types = csv?.columns.map(({ name, type, blanks, distinct }) => [name, type, blanks, distinct]);
  expect(types).toEqual([
    ["no", "integer", 0, 3],
    ["zip", "digits", 1, 2],
    ["born", "date", 2, 2],
    ["mail", "text", 1, 3],
    ["size", "number", 1, 3],
    ["empty", "empty", 4, 0],
  ]);
  expect(csv?.columns[1]).toMatchObject({ min: "01234", max: "99999", shortest: 5, longest: 5, isExact: true });
  // In the order of text 9.5 would be the last.
  expect(csv?.columns[4]).toMatchObject({ min: "-2", max: "10" });
  expect(csv?.columns[1]?.patterns).toEqual([{ pattern: "99999", rows: 3 }]);
  expect(csv?.columns[3]?.patterns.map(({ pattern }) => pattern)).toEqual(['a "a"@a.aa', "a@a.aa", "a@a.aaa"]);
  expect(json?.columns).toMatchObject([
    { name: "id", distinct: 2, nulls: 0 },
    { name: "name", distinct: 0, nulls: 2, blanks: 1 },
  ]);
  expect(odd?.rows).toBe(2);
  expect(odd?.notes.at(-1)).toBe("1 record can't be read, not among the rows");
  await sandbox.api("POST", "sobjects/Contact", { Ext__c: "A-1", LastName: "Müller" });
  const object = await project.run("profile", "salesforce", "Contact", "--json");
  const { columns, notes } = JSON.parse(object.stdout) as Profiled;
  expect(columns.find(({ name }) => name === "LastName")).toMatchObject({ patterns: [{ pattern: "aaaaaa", rows: 1 }] });
  expect(notes).toEqual([expect.stringMatching(/^read by \d+ API calls?$/)]);
  const shown = await project.run("profile", "inbox/c.csv");
  expect(shown.stdout).toMatch(
    /^inbox\/c\.csv {2}4 rows, 6 columns\n {2}column .*\n {2}no +integer +0 +3 +1–1 +1 … 3 +9 \(4\)\n/,
  );
  expect((await project.run("profile", "salesforce", "Contct")).code).toBe(2);
  expect((await project.run("profile", "none.csv")).stderr).toContain("there is no file none.csv");
  expect(project.list(".loadline")).toEqual([]);
});
