import { cpSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { expect } from "vitest";
import { contactsJob, rehearse } from "../../run/support.ts";
import type { Project } from "../../support/rig.ts";
import { caseOf } from "../case.ts";

const rows = Array.from({ length: 20 }, (_, n) => `K${n},Last${n}`).join("\n");
const job = contactsJob({
  mode: "insert",
  map: "      Loose__c: id\n      LastName: last",
  target: ", batch: { rows: 2 }",
}).replace("key: Ext__c", "key: Loose__c");

const remove = (project: Project, ...endings: string[]) => {
  for (const ending of endings) rmSync(project.path(`.loadline/ledger.${ending}`), { force: true });
};
const damages: [string, (project: Project) => void, RegExp][] = [
  [
    "emptied",
    (project) => writeFileSync(project.path(".loadline/ledger.db"), "") ?? remove(project, "db-wal", "db-shm"),
    /is empty, but \d+ transactions/,
  ],
  [
    "without its -wal",
    (project) => remove(project, "db-wal", "db-shm"),
    /is empty, but|is older than what was written/,
  ],
  ["all of it gone", (project) => remove(project, "db", "db-wal", "db-shm", "mark"), /does not know of run {run}/],
  [
    "an older copy",
    (project) => cpSync(project.path("backup"), project.path(".loadline"), { recursive: true, force: true }),
    /is older than what was written/,
  ],
];

caseOf("state/ledger-emptied", "an empty ledger beside run folders is told", async () => {
  await using place = await rehearse(job, { "inbox/contacts.csv": `id,last\n${rows}\n` });
  const { project, sandbox } = place;
  await project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "planned:1" } }).finished;
  for (const ending of ["db", "db-wal"])
    cpSync(project.path(`.loadline/ledger.${ending}`), project.path(`backup/ledger.${ending}`));
  await project.start(["resume"], { env: { LOADLINE_FAILPOINT: "settled:5" } }).finished;
  const run = basename(project.runFolders()[0] ?? "");
  cpSync(project.path(".loadline"), project.path("whole"), { recursive: true });
  const before = (await sandbox.dump("Contact")).length;
  for (const [what, damage, told] of damages) {
    damage(project);
    for (const args of [["run", "job.yaml"], ["resume"]]) {
      const done = await project.run(...args);
      expect(done.code, `${what}: ${args[0]}`).toBe(1);
      expect(done.stderr).toMatch(new RegExp(told.source.replace("{run}", run)));
      expect(done.stderr).toContain("next: restore ledger.db with its -wal");
      expect(done.stderr).not.toContain("internal error");
    }
    expect(await sandbox.dump("Contact")).toHaveLength(before);
    rmSync(project.path(".loadline"), { recursive: true });
    cpSync(project.path("whole"), project.path(".loadline"), { recursive: true });
  }
  expect((await project.run("resume")).code).toBe(0);
  expect(await sandbox.dump("Contact")).toHaveLength(20);
});
