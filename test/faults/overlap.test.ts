import { expect, test } from "vitest";
import { openSqlite } from "../../src/core/sqlite.ts";
import { type Load, openLoad, resume, runJob } from "../crash/load.ts";
import { startHeldAt } from "./held.ts";
import { useLane } from "./lane.ts";

const oneBatch = 100;

/** A module that puts the process's clock an hour ahead. */
const clockAhead = `data:text/javascript,${encodeURIComponent(`
  const { now } = Date;
  globalThis.Date = class extends Date {
    constructor(...given) { given.length === 0 ? super(now() + 3600000) : super(...given); }
  };
`)}`;

const lane = useLane();

test("a second run and a resume are refused with 6 while the first lives, and the first is left alone", async () => {
  await using load = await openLoad(lane, "upsert", oneBatch);
  const running = await startHeldAt(lane, load, "reading present values");
  for (const args of [runJob, resume]) {
    const refused = await load.run(args);
    expect(refused.code).toBe(6);
    expect(refused.stderr).toContain(`process ${running.child.pid}`);
  }
  expect(statuses(load)).toEqual(["running"]);
  await running.kill("SIGKILL");
});

test("with lock: skip a second run, a resume and another job for the same object say so and are done; without, it is refused", async () => {
  await using load = await openLoad(lane, "insert", oneBatch);
  setLock(load, "jobs/contacts.yaml", "skip");
  const running = await startHeldAt(lane, load, "uploading");
  for (const args of [runJob, resume]) {
    const skipped = await load.run(args);
    expect(skipped.code, skipped.stderr).toBe(0);
    expect(skipped.stderr).toContain("skipped");
  }
  expect(statuses(load)).toEqual(["running"]);
  // Another job waits its turn for the same object of the same org.
  const other = load.project.read("jobs/contacts.yaml").replace("name: contacts", "name: other");
  load.project.write({ "jobs/other.yaml": other.replace("lock: skip\n", "") });
  const runOther = ["run", "jobs/other.yaml", "--json"];
  const refused = await load.run(runOther);
  expect(refused.code).toBe(6);
  expect(refused.summary()).toMatchObject({ status: "stopped", exitCode: 6 });
  load.project.write({ "jobs/other.yaml": other });
  const skipped = await load.run(runOther);
  expect(skipped.code).toBe(0);
  expect(skipped.summary()).toMatchObject({ status: "stopped", exitCode: 0 });
  await running.kill("SIGKILL");
});

test("with lock: wait a run takes up what a killed one left", async () => {
  await using load = await openLoad(lane, "upsert", oneBatch);
  setLock(load, "jobs/contacts.yaml", "wait 2m");
  const running = await startHeldAt(lane, load, "closing a job");
  const waiting = load.start(runJob);
  await running.kill("SIGKILL");
  const last = await waiting.finished;
  expect(last.code, last.stderr).toBe(0);
  expect(last.stderr).toContain("recovering run");
  expect(await load.judge({ replanned: true })).toEqual({ lost: [], doubled: [], wrong: [], counts: [] });
});

test("a run that was killed while it loaded is recovered though an ended one looks newer, the clock having been ahead", async () => {
  await using load = await openLoad(lane, "insert", oneBatch);
  const ended = await load.run([...runJob, "--limit", "1"], { NODE_OPTIONS: `--import ${clockAhead}` });
  expect(ended.code, ended.stderr).toBe(0);
  await load.run(runJob, { LOADLINE_FAILPOINT: "closed:1" });
  const last = await load.run(runJob);
  expect(last.stderr).toContain("recovering run");
  expect(await load.judge({ replanned: true })).toEqual({ lost: [], doubled: [], wrong: [], counts: [] });
});

test("jobs that start at the same time in a new project all get their ledger", async () => {
  await using load = await openLoad(lane, "insert", oneBatch);
  const names = ["a", "b", "c", "d"];
  for (const name of names) {
    const job = load.project.read("jobs/contacts.yaml").replace("name: contacts", `name: ${name}`);
    load.project.write({ [`jobs/${name}.yaml`]: job });
  }
  const ended = await Promise.all(names.map((name) => load.run(["plan", `jobs/${name}.yaml`, "--json"])));
  expect(ended.map(({ code, stderr }) => (code === 0 ? "" : stderr))).toEqual(names.map(() => ""));
});

function setLock(load: Load, job: string, lock: string): void {
  load.project.write({ [job]: `${load.project.read(job)}lock: ${lock}\n` });
}

function statuses(load: Load): string[] {
  const ledger = openSqlite(load.project.path(".loadline/ledger.db"), { synchronous: "OFF" });
  const rows = ledger.prepare("SELECT status FROM runs").all() as { status: string }[];
  ledger.close();
  return rows.map(({ status }) => status);
}
