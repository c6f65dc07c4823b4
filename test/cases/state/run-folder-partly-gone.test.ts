import { rmSync } from "node:fs";
import { expect } from "vitest";
import { contactsJob, rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const rows = Array.from({ length: 12 }, (_, index) => `K${index},Last${index}`).join("\n");
/** Of one batch, so that the row that is refused is of the first, whichever is done first of those that go at once. */
const job = contactsJob({ map: "      Loose__c: id\n      LastName: last" }).replace("key: Ext__c", "key: Loose__c");

const missing: Record<string, RegExp> = {
  plan: /plan\/contacts\.parquet: the plan of stream contacts is missing/,
  results: /results\/contacts-00001\.csv: results of batch 1 of stream contacts is missing/,
  extract: /contacts\.csv is missing/,
};

caseOf("state/run-folder-partly-gone", "a run whose folder was tidied says what is missing", async () => {
  for (const [gone, told] of Object.entries(missing)) {
    await using place = await rehearse(job, { "inbox/contacts.csv": `id,last\n${rows}\n` });
    await place.sandbox.setFaults([{ match: "row Contact", nth: [3], do: { rowError: "X:why:LastName --" } }]);
    await place.project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "loaded:1" } }).finished;
    rmSync(`${place.project.runFolders()[0]}/${gone}`, { recursive: true });
    const resumed = await place.project.run("resume");
    expect([gone, resumed.code, resumed.stdout + resumed.stderr]).toEqual([gone, 1, expect.stringMatching(told)]);
    const said = resumed.stdout + resumed.stderr;
    expect(said).not.toContain("internal error");
    const abandon = /loadline (abandon \S+)/.exec(said)?.[1] ?? "";
    const blocked = await place.project.run("run", "job.yaml");
    expect(blocked.stdout + blocked.stderr).toContain(abandon);
    // What was loaded stays, and the job is free.
    expect((await place.project.run(...abandon.split(" "), "--yes")).code).toBe(0);
    const again = await place.project.run("run", "job.yaml", "--json");
    expect([again.code, again.summary().streams["contacts"]?.unchanged]).toEqual([0, 11]);
  }
});
