import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { contactsJob, rehearse } from "./support.ts";

const map = "      Ext__c: id\n      LastName: last";

test("keys that the target may take for one, or not, are rejected with both, and shown as the file has them", async () => {
  await using place = await rehearse(contactsJob({ map }), {});
  const { project, sandbox } = place;
  for (const Ext__c of ["STRASSE", "Öl", "Müller", "Kabel-K"]) {
    expect((await sandbox.api("POST", "sobjects/Contact", { LastName: "there", Ext__c })).status).toBe(201);
  }
  const ids = [
    "Straße", // like a record's, by which the org itself does not find it
    "öl", // equal but for case
    "Müller", // a record's exactly: its decomposed twin is the doubtful one
    "Mu\u0308ller",
    "ＡＢＣ", // like another row's
    "abc",
    "Kabel-\u212a", // the Kelvin sign
    "plain",
    "日本",
  ];
  project.write({ "inbox/contacts.csv": `id,last\n${ids.map((id) => `${id},x\n`).join("")}` });
  const run = await project.run("run", "job.yaml", "--json");
  expect(run.code, run.stderr).toBe(0);
  expect(run.summary().streams["contacts"]).toMatchObject({ rejected: 4, creates: 3, updates: 2, conflicts: 0 });
  const rejects = readFileSync(`${project.runFolders().at(-1)}/rejects/contacts.csv`, "utf8");
  expect(rejects).toContain('the key ""Kabel-\u212a"" may be the same as ""kabel-k""');
  expect(rejects).toContain('the key ""ＡＢＣ"" may be the same as ""abc""');

  // With the mark that an editor puts there.
  project.write({ "keys.txt": "\ufeffÖL\n", "inbox/contacts.csv": "id,last\nöl,y\nplain,y\n" });
  const named = await project.run("run", "job.yaml", "--keys", "keys.txt", "--json");
  expect(named.summary().streams["contacts"]).toMatchObject({ updates: 1, filtered: 1 });
  const { stdout } = await project.run("plan", "job.yaml", "--keys", "keys.txt");
  expect(stdout).not.toContain("plain");
  writeFileSync(project.path("keys.txt"), "ÖL\n", "utf16le");
  const wide = await project.run("plan", "job.yaml", "--keys", "keys.txt");
  expect([wide.code, wide.stderr]).toEqual([2, expect.stringContaining("its bytes are those of UTF-16")]);
});
