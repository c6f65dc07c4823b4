import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Load, openLoad, resume, runJob, schema } from "../crash/load.ts";
import { isClean } from "../crash/oracle.ts";
import { type Call, calls, startHeldAt } from "./held.ts";
import { useLane } from "./lane.ts";

const rows = 20;
const stops = [
  { signal: "SIGINT", code: 130 },
  { signal: "SIGTERM", code: 143 },
] as const;
const cases = (Object.keys(calls) as Call[]).map((call, index) => ({ call, ...(stops[index % 2] ?? stops[0]) }));

const lane = useLane();

// The program ends itself after 4.5 s, and prints no summary then: a summary shows that it stopped in time by itself.
test.each([
  ["before a job is closed", cases.slice(0, 5)],
  ["from then on", cases.slice(5)],
])("a signal while any call is waited for %s stops the run with its code, and resume completes it", async (_, met) => {
  await using load = await openLoad(lane, "upsert", rows);
  let args: readonly string[] = runJob;
  for (const { call, signal, code } of met) {
    const running = await startHeldAt(lane, load, call, { args });
    const stopped = await running.kill(signal);
    expect({ call, code: stopped.code }).toEqual({ call, code });
    expect(stopped.summary()).toMatchObject({ status: "stopped", exitCode: code });
    expect(stopped.stderr).not.toContain("internal error");
    args = resume;
  }
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
  await expect.poll(() => eventsOf(load), { timeout: 60_000 }).toContain('"retry"');
  const stopped = await running.kill("SIGTERM");
  expect(stopped.summary()).toMatchObject({ status: "stopped", exitCode: 143 });
});

test("a second signal quits at once, whatever the first still waits for", async () => {
  await using load = await openLoad(lane, "insert", 1);
  load.project.write({ "sandbox.yaml": JSON.stringify(schema) });
  const running = load.start([...runJob, "--sandbox"]);
  await expect.poll(() => eventsOf(load, { inSandbox: true }), { timeout: 60_000 }).toContain('"connected"');
  // The run waits for its own sandbox to end, which it now can't.
  using _sandbox = freezeChild(running.child.pid ?? 0);
  running.child.kill("SIGINT");
  await running.untilPrinted('"stopped"');
  // Not its pipes' end: the frozen sandbox holds them too.
  const exited = once(running.child, "exit");
  running.child.kill("SIGTERM");
  expect(await exited).toEqual([143, null]);
});

function eventsOf({ project }: Load, where?: { inSandbox: boolean }): string {
  const paths = project.runFolders(where).map((folder) => join(folder, "events.jsonl"));
  return paths.map((path) => readFileSync(path, "utf8")).join("");
}

/** Stops the only child of a process (Linux), and ends it when disposed. */
function freezeChild(parent: number): Disposable {
  const pid = Number(readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").trim());
  process.kill(pid, "SIGSTOP");
  return { [Symbol.dispose]: () => void process.kill(pid, "SIGKILL") };
}
