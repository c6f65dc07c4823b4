import { basename } from "node:path";
import { expect } from "vitest";
import { contactsJob, rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => `K${from + n},Last${from + n}\n`).join("");
const job = (name: string, object = "Contact") =>
  contactsJob({ mode: "insert", map: "      Loose__c: id\n      LastName: last", target: ", batch: { rows: 2 }" })
    .replace("key: Ext__c", "key: Loose__c")
    .replace("object: Contact", `object: ${object}`)
    .replace("name: contacts", `name: ${name}`);

caseOf(
  "state/killed-insert-of-another-job",
  "bytes that an unfinished run is inserting are refused to others",
  async () => {
    const files = { "two.yaml": job("two"), "inbox/contacts.csv": `id,last\n${rows(0, 10)}` };
    await using place = await rehearse(job("one"), files);
    const { project, sandbox } = place;
    await project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "settled:3" } }).finished;
    const run = basename(project.runFolders()[0] ?? "");
    for (const command of ["run", "plan"]) {
      const other = await project.run(command, "two.yaml", "--json");
      expect(other.code).toBe(4);
      expect(other.summary().next).toBe(`loadline resume ${run}`);
    }
    // Also where the bytes are others, and the rows among them are not.
    project.write({ "inbox/contacts.csv": `id,last\n${rows(8, 12)}` });
    expect((await project.run("run", "two.yaml")).code).toBe(4);
    // Rows that nobody inserts are free.
    project.write({ "inbox/contacts.csv": `id,last\n${rows(10, 12)}` });
    expect((await project.run("run", "two.yaml")).code).toBe(0);

    expect((await project.run("resume", run)).code).toBe(0);
    const keys = (await sandbox.dump("Contact")).map((record) => record["Loose__c"]);
    expect(keys).toHaveLength(12);
    expect(new Set(keys).size).toBe(12);
  },
);
