import { afterAll, beforeAll, expect, test } from "vitest";
import { type Lane, openLane, openLoad, resume, runJob } from "../crash/load.ts";
import { isClean } from "../crash/oracle.ts";
import { buildProgram, type Program } from "../crash/program.ts";
import { type Call, calls, startHeldAt } from "./held.ts";

const rows = 20;
const stops = [
  { signal: "SIGINT", code: 130 },
  { signal: "SIGTERM", code: 143 },
] as const;
const cases = (Object.keys(calls) as Call[]).map((call, index) => ({ call, ...(stops[index % 2] ?? stops[0]) }));

let program: Program;
let lane: Lane;

beforeAll(async () => {
  program = buildProgram();
  lane = await openLane(program);
});

afterAll(async () => {
  await lane[Symbol.asyncDispose]();
  program[Symbol.dispose]();
});

// The program ends itself after 4.5 s, and prints no summary then: a summary shows that it stopped in time by itself.
test.each(cases)("$signal while $call stops the run with $code, and resume completes it", async (stop) => {
  await using load = await openLoad(lane, "upsert", rows);
  const running = await startHeldAt(lane, load, stop.call);
  const stopped = await running.kill(stop.signal);
  expect(stopped.code).toBe(stop.code);
  expect(stopped.summary()).toMatchObject({ status: "stopped", exitCode: stop.code });
  expect(stopped.stderr).not.toContain("internal error");
  await lane.sandbox.setFaults([]);
  const last = await load.run(resume);
  expect(last.code, last.stderr).toBe(0);
  const verdict = await load.judge({ replanned: false, last });
  expect(isClean(verdict), JSON.stringify(verdict)).toBe(true);
});

test("a signal ends the wait that a server has asked for", async () => {
  await using load = await openLoad(lane, "upsert", rows);
  const busy = { status: 429, headers: { "Retry-After": "100" } };
  await lane.sandbox.setFaults([{ match: "POST /services/data/*/jobs/ingest", do: busy }]);
  const running = load.start(runJob);
  const eventsOfRun = () => load.project.runFolders().flatMap((folder) => load.project.read(relative(load, folder)));
  await expect.poll(() => eventsOfRun().join(""), { timeout: 60_000 }).toContain('"retry"');
  const stopped = await running.kill("SIGTERM");
  expect(stopped.summary()).toMatchObject({ status: "stopped", exitCode: 143 });
});

test("a second signal quits at once", async () => {
  await using load = await openLoad(lane, "upsert", rows);
  const running = await startHeldAt(lane, load, "uploading");
  // Both are waiting when it wakes up, so that nothing lies between them.
  for (const signal of ["SIGSTOP", "SIGINT", "SIGTERM"] as const) running.child.kill(signal);
  const ended = await running.kill("SIGCONT");
  expect([130, 143]).toContain(ended.code);
  expect(ended.stdout).toBe("");
  await lane.sandbox.setFaults([]);
  const last = await load.run(resume);
  expect(isClean(await load.judge({ replanned: false, last }))).toBe(true);
});

function relative(load: { project: { folder: string } }, folder: string): string {
  return `${folder.slice(load.project.folder.length + 1)}/events.jsonl`;
}
