// `loadline test --from-run`: a row of a run becomes a case that passes, without a value that the job hides.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { rehearse, schema } from "./support.ts";

const job = `version: 1
name: people
redact: [Email, Birthdate]
rejects: { max: 100% }
streams:
  people:
    source: { connection: drop, files: "*.csv", keep: "last <> 'left'" }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: upsert }
    map:
      Ext__c: upper(id)
      LastName: last
      Email: lower(mail)
      Birthdate: born
      Description: note
      MailingPostalCode: zip
      Seen__c: now()
tests:
`;

// The second record has two lines.
const csv = `id,last,mail,born,note,zip,more
k-1,"Bell
Nair",Ada.Bell@Example.com,1980-05-17,ada.bell@example.com,01234,unread
k-2,null,ada,1815-12-10,"a: ""b"" # c",,
k-3,left,,,,,
k-4,"broken" here,,,,,
`;

const hidden = /ada|bell@|1980|1815/i;

test("a row becomes a case that passes, with stand-ins of the same shape for what is hidden", async () => {
  const files = {
    "sandbox.yaml": JSON.stringify(schema),
    "inbox/a.csv": csv,
    "inbox/b.csv": "id,last,mail,born,note,zip,more\nb-1,B,,,,,\nb-1,C,,,,,\n",
  };
  await using place = await rehearse(job.replace("tests:\n", ""), files);
  const { project } = place;
  const run = await project.run("run", "job.yaml", "--json", "--yes");
  const { run: runId } = JSON.parse(run.stdout) as { run: string };
  const from = (...args: string[]) => project.run("test", "--from-run", runId, ...args);

  const sound = await from("--row", "2", "--file", "a.csv");
  expect(sound.stderr).toContain("another value each time: Seen__c");
  expect(sound.stdout).not.toMatch(hidden);
  expect(sound.stdout).toMatch(/mail: [A-Z][a-z]{2}\.[A-Z][a-z]{3}@[A-Z][a-z]{6}\.[a-z]{3}\n/);
  expect(sound.stdout).toMatch(/Birthdate: "?\d{4}-\d\d-\d\d"?\n/);
  expect(sound.stdout).toContain('MailingPostalCode: "01234"');
  expect(sound.stdout).not.toContain("unread");

  const rejected = await from("--row", "4");
  expect(rejected.stdout).toMatch(/expect_rejects:\n\s+- field: Email\n\s+rule: email\n\s+message: /);
  expect(rejected.stdout).not.toMatch(hidden);
  expect(rejected.stdout).toContain('last: "null"');
  const filtered = await from("--row", "5");
  expect(filtered.stdout).toContain("expect: []");

  // What is printed goes into the job, and passes.
  project.write({ "job.yaml": job + [sound, rejected, filtered].map(({ stdout }) => stdout).join("") });
  const tested = await project.run("test", "job.yaml", "--json");
  expect(JSON.parse(tested.stdout)).toMatchObject({ passed: 3, failed: 0 });
  const told = JSON.parse((await from("--row", "4", "--json")).stdout);
  // The same stand-ins each time.
  expect(rejected.stdout).toContain(`mail: ${told.test.given[0].mail}\n`);
  expect(told).toMatchObject({
    file: "a.csv",
    row: 4,
    test: { name: "row 4 of a.csv (2)", stream: "people" },
    masked: ["mail", "born"],
  });

  // What the case can't show by itself is said.
  const twin = await from("--row", "3");
  expect([twin.code, twin.stderr]).toEqual([0, expect.stringContaining("the run rejected this row, and by itself")]);

  const refused = async (said: string, ...args: string[]) => {
    const { code, stdout, stderr } = await from(...args);
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: "", stderr: expect.stringContaining(said) });
  };
  await refused("row 2 is in several files", "--row", "2");
  await refused("none begins in line 3 of a.csv; the one before begins in line 2", "--row", "3", "--file", "a.csv");
  await refused("the last record of b.csv begins in line 3", "--row", "9", "--file", "b.csv");
  await refused("line 6 of a.csv can't be told apart into columns", "--row", "6");
  await refused("took no file c.csv", "--row", "2", "--file", "c.csv");
  await refused("no stream persons", "--row", "2", "--stream", "persons");
  await refused("which row", "--file", "a.csv");
  await refused("takes no job", "--row", "2", "job.yaml");
  await refused("--update does not go with --from-run", "--row", "2", "--update");
  rmSync(join(project.folder, ".loadline/runs", runId), { recursive: true });
  await refused("the folder of run", "--row", "2");
});
