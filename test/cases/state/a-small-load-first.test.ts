import { expect } from "vitest";
import { contactsJob, rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const rows = (count: number) => Array.from({ length: count }, (_, n) => `K${n},Last${n}`).join("\n");
const file = (count: number) => `id,last\n${rows(count)}\n`;
const job = (map = "      Loose__c: id\n      LastName: last") =>
  contactsJob({ mode: "insert", map }).replace("key: Ext__c", "key: Loose__c");

caseOf("state/a-small-load-first", "rows that a small load inserted are not inserted again", async () => {
  await using place = await rehearse(job(), { "inbox/contacts.csv": file(6) });
  const { project, sandbox } = place;
  const inserted = async (...args: string[]) => {
    const done = await project.run("run", "job.yaml", "--json", ...args);
    const { creates, unchanged, loaded, failed } = done.summary().streams["contacts"] ?? {};
    return {
      code: done.code,
      creates,
      unchanged,
      loaded,
      failed,
      records: (await sandbox.dump("Contact")).length,
      done,
    };
  };
  expect(await inserted("--limit", "2")).toMatchObject({ code: 0, creates: 2, records: 2 });
  const all = await inserted();
  expect(all).toMatchObject({ code: 0, creates: 4, unchanged: 2, records: 6 });
  expect(all.done.stderr).toContain("2 rows inserted before: left out");

  // All of them are there: the same bytes are refused, as ever.
  expect(await inserted()).toMatchObject({ code: 4, records: 6 });
  // Another map makes no other rows of them, and one more row is one more record. A row that the org refuses may come again.
  project.write({
    "job.yaml": job("      Loose__c: id\n      LastName: upper(last)\n      Seen__c: now()"),
    "inbox/contacts.csv": file(8),
  });
  await sandbox.setFaults([{ match: "row Contact", nth: [2], do: { rowError: "X:why:LastName --" } }]);
  expect(await inserted()).toMatchObject({ code: 0, creates: 2, unchanged: 6, failed: 1, records: 7 });
  await sandbox.setFaults([]);
  expect(await inserted()).toMatchObject({ code: 4, records: 7 });
  project.write({ "inbox/contacts.csv": file(9) });
  expect(await inserted()).toMatchObject({ code: 0, creates: 2, unchanged: 7, records: 9 });

  // A header alone has no rows to have been inserted.
  project.write({ "inbox/contacts.csv": "id,last\n" });
  for (const _ of [1, 2]) expect(await inserted()).toMatchObject({ code: 0, creates: 0, records: 9 });

  // Of a record that several rows are, any of them makes it.
  const deduped = job().replace("    map:", "    dedupe: { by: [Loose__c], keep: last }\n    map:");
  const twice = "id,last\nD,One\nE,Other\nD,Two\n";
  project.write({ "job.yaml": deduped, "inbox/contacts.csv": twice });
  expect((await project.run("plan", "job.yaml", "--out", "d.plan")).code).toBe(0);
  expect(await inserted("--limit", "1")).toMatchObject({ code: 0, creates: 1, records: 10 });
  expect((await project.run("apply", "d.plan")).code).toBe(7);
  project.write({ "inbox/contacts.csv": `${twice}E,More\n` });
  const grown = await inserted();
  expect(grown).toMatchObject({ code: 0, creates: 1, unchanged: 1, records: 11 });
  expect(grown.done.stderr).toContain("of 1 of them another row of the same record was");

  project.write({ "job.yaml": job(), "inbox/contacts.csv": file(1) });
  expect(await inserted("--again")).toMatchObject({ code: 0, creates: 1, records: 12 });
});
