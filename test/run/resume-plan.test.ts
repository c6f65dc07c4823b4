// resume --plan: tells what resume will do, and does nothing of it.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startHeld } from "./held.ts";
import { type Rehearsal, rehearse } from "./support.ts";

const job = `version: 1
name: go
defaults: { target: { connection: salesforce, mode: upsert } }
streams:
  accounts:
    source: { connection: drop, files: "acc*.csv", after: { move: done } }
    target: { object: Account, key: Acc__c, batch: { rows: 2 } }
    map: { Acc__c: id, Name: last }
  contacts:
    source: { connection: drop, files: "con*.csv" }
    target: { connection: hubspot, object: contacts, key: lastname, mode: insert }
    map: { lastname: last }
rejects: { max: 100% }
`;

/**
 * Every file of the state, by its content. SQLite moves what a killed process has left beside a database into it:
 * `ledger.mark` counts what was written to the ledger. Looking at a lock rolls its journal back.
 */
function snapshot({ project }: Rehearsal): Record<string, string> {
  const names = readdirSync(project.path(".loadline"), { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile() && !/^ledger\.db|\.lock-journal$/.test(entry.name));
  return Object.fromEntries(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path, createHash("sha256").update(readFileSync(path)).digest("hex")];
    }),
  );
}

interface Forecast {
  status: string;
  begunLoading: boolean;
  exitCode: number;
  next: string;
  streams: Record<string, Record<string, unknown>>;
}

test("at each place where a run was killed it tells what is settled and what is left, and nothing is touched", async () => {
  await using place = await rehearse(job, {
    "inbox/acc.csv": "id,last\n1,A\n2,B\n3,C\n4,D\n5,E\n",
    "inbox/con.csv": "id,last\n1,A\n2,B\n",
  });
  const { project, sandbox } = place;
  const kill = async (at: string, ...args: string[]) => {
    const killed = await project.start(args, { env: { LOADLINE_FAILPOINT: at } }).finished;
    expect(killed.signal, `${at}: ${killed.stderr}`).toBe("SIGKILL");
  };
  const look = async (code = 0): Promise<Forecast> => {
    const [calls, files] = [await sandbox.calls(), snapshot(place)];
    const told = await project.run("resume", "--plan", "--json");
    expect(told.code, told.stderr).toBe(code);
    expect(snapshot(place)).toEqual(files);
    expect(await sandbox.calls()).toEqual(calls);
    return JSON.parse(told.stdout) as Forecast;
  };
  await kill("extracted:1", "run", "job.yaml");
  const early = await look();
  expect(early).toMatchObject({ status: "killed", begunLoading: false, exitCode: 0 });
  expect(early.streams["accounts"]).toMatchObject({ state: "not planned", partsKept: 1, toSend: 0, filesToClear: 1 });
  expect(early.streams["contacts"]).toMatchObject({ state: "not planned", partsKept: 0 });
  await kill("settled:2", "resume");
  const half = await look();
  const accounts = half.streams["accounts"] ?? {};
  expect(half).toMatchObject({ begunLoading: true, next: expect.stringMatching(/^loadline resume \d/) });
  // Batches of two rows and one are under way at once: which two were settled is not said.
  const { loaded } = accounts["settled"] as { loaded: number };
  expect([3, 4]).toContain(loaded);
  expect(accounts).toMatchObject({ state: "loading", settled: { failed: 0, conflicts: 0 }, inDoubt: 0 });
  expect(Number(accounts["toSend"]) + Number(accounts["toAskAbout"])).toBe(5 - loaded);
  expect(half.streams["contacts"]).toMatchObject({ state: "planned", toSend: 2, lookedAtAgain: 0, batchesOpen: 1 });
  const text = await project.run("resume", "--plan");
  expect(text.stdout).toContain(`settled: ${loaded} rows loaded, 0 refused, 0 held back; they are not sent again`);
  expect(text.stdout).toContain("nothing is written by this look");
  // A job that changed is refused as resume refuses it; so is what only doing it has a use for.
  writeFileSync(project.path("job.yaml"), job.replace("Name: last", "Name: upper(last)"));
  const changed = await project.run("resume", "--plan");
  expect(changed.code).toBe(2);
  expect(changed.stderr).toContain("the job file changed since run");
  project.write({ "job.yaml": job });
  expect((await project.run("resume", "--plan", "--yes")).code).toBe(2);
  await kill("checkpointed:1", "resume");
  const late = await look();
  expect(late.streams["accounts"]).toMatchObject({ state: "settled", toSend: 0, filesToClear: 1, batchesOpen: 0 });
  // An insert whose answer is lost: nobody but a person can say what became of it.
  await sandbox.setFaults([{ match: "POST /crm/objects/*/contacts/batch/create", nth: [1], do: { reset: "after" } }]);
  const doubt = await project.run("resume", "--json");
  expect(doubt.code, doubt.stderr).toBe(5);
  const doubtful = await look(5);
  expect(doubtful.streams["contacts"]).toMatchObject({ inDoubt: 2, toSend: 0 });
  expect(doubtful).toMatchObject({ status: "in-doubt", next: expect.stringContaining("loadline show") });
  const done = await project.run("resume", "--in-doubt", "landed", "--json");
  expect(done.code, done.stderr).toBe(0);
  const nothing = await project.run("resume", "--plan");
  expect(nothing).toMatchObject({ code: 0, stdout: "" });
  expect(nothing.stderr).toContain("nothing to resume");
});

test("of a run whose process is at work it says that, with exit code 6", async () => {
  await using place = await rehearse(job, { "inbox/acc.csv": "id,last\n1,A\n", "inbox/con.csv": "id,last\n1,A\n" });
  const { project } = place;
  const running = await startHeld(place, "PATCH /services/data/*/composite/sobjects/*/*", ["run", "job.yaml"], 60_000);
  const told = await project.run("resume", "--plan");
  expect(told.code, told.stderr).toBe(6);
  await running.kill("SIGKILL");
});
