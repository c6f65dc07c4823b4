import { rmSync } from "node:fs";
import { basename } from "node:path";
import { expect, test } from "vitest";
import { contactsJob, rehearse } from "./support.ts";

const count = 20;
const rows = Array.from({ length: count }, (_, n) => `K${n},Last${n}`).join("\n");
const job = contactsJob({
  mode: "insert",
  map: "      Loose__c: id\n      LastName: last",
  target: ", batch: { rows: 2 }",
}).replace("key: Ext__c", "key: Loose__c");

interface Told {
  status: string;
  streams: Record<string, { landed: number; failed: number; inDoubt: number; notSent: number }>;
}

test.each([
  { what: "whose folder is gone", isGone: true, at: "settled:4" },
  { what: "that is half loaded", isGone: false, at: "settled:4" },
  { what: "that was about to send its first batch", isGone: false, at: "intent:1" },
])("a run $what is given up: no row is written twice, and the job is free", async ({ isGone, at }) => {
  await using place = await rehearse(job, { "inbox/contacts.csv": `id,last\n${rows}\n` });
  const { project, sandbox } = place;
  await sandbox.setFaults([{ match: "row Contact", nth: [2], do: { rowError: "X:why:LastName --" } }]);
  await project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: at } }).finished;
  await sandbox.setFaults([]);
  const folder = project.runFolders()[0] ?? "";
  const run = basename(folder);
  if (isGone) rmSync(folder, { recursive: true });

  const asked = await project.run("abandon", run, "--json");
  expect(asked.code).toBe(4);
  expect(asked.stderr).toContain("wants --yes");
  const before = JSON.parse(asked.stdout) as Told;
  expect(before.status).toBe("unfinished");
  const { landed = 0, failed = 0, inDoubt = 0, notSent = 0 } = before.streams["contacts"] ?? {};
  expect(landed + failed + inDoubt + notSent).toBe(count);

  const done = await project.run("abandon", run, "--yes", "--json");
  expect(done.code, done.stderr).toBe(0);
  expect(JSON.parse(done.stdout)).toMatchObject({ run, status: "abandoned", streams: before.streams });
  expect((await project.run("abandon", run, "--yes")).stderr).toContain(`run ${run} has ended (abandoned)`);
  expect((await project.run("resume", run)).stderr).toContain("nothing to resume");

  const anew = await project.run("run", "job.yaml", "--json");
  expect(anew.code, anew.stderr).toBe(0);
  const { creates = 0, unchanged = 0 } = anew.summary().streams["contacts"] ?? {};
  expect(creates + unchanged).toBe(count);
  expect(creates).toBeGreaterThanOrEqual(notSent);
  if (!isGone) expect(unchanged).toBe(landed + inDoubt);
  if (inDoubt > 0) expect(anew.stderr.replaceAll(/\s+/g, " ")).toContain("of them nobody knows");
  const keys = (await sandbox.dump("Contact")).map((record) => record["Loose__c"]);
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys.length).toBeGreaterThanOrEqual(count - inDoubt - failed);
});

test("a run that has ended, a plan, and one that is not known are refused by name", async () => {
  await using place = await rehearse(contactsJob(), { "inbox/contacts.csv": "id,last,email\nA,Ann,a@mail.example\n" });
  const { project } = place;
  const loaded = (await project.run("run", "job.yaml", "--json")).summary().run ?? "";
  const planned = (await project.run("plan", "job.yaml", "--json")).summary().run ?? "";
  for (const [id, why] of [
    [loaded, "has ended (loaded)"],
    [planned, "is a plan"],
    ["20200101-000000-none-0000", "there is no run"],
  ]) {
    const refused = await project.run("abandon", id ?? "", "--yes");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(why);
  }
});
