// A history of apply-model.ts through the real program: planned, changed by others, applied, compared with the model.
// Throws with the seed where anything is otherwise.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import type { Finished, Project, Sandbox } from "../support/rig.ts";
import {
  drawHistory,
  expectOutcome,
  type Held,
  type History,
  type Outcome,
  planOf,
  type StreamName,
} from "./apply-model.ts";
import { Org, openProject } from "./apply-org.ts";

/** What a seed decides beyond its history. */
export type Proof = "apply" | "resume" | "race" | "run" | "faults";

const proofs = ["apply", "run", "apply", "race", "faults", "apply", "resume", "faults"] as const;

export function proofOf(seed: number): Proof {
  return proofs[seed % proofs.length] ?? "apply";
}

/** Half of them take effect and are never answered, half are refused without. */
const faults = ["* /services/data/**", "* /crm/**"].flatMap((match) => [
  { match, rate: 0.06, do: { reset: "after" } },
  { match, rate: 0.03, do: { status: 503, headers: { "Retry-After": "0" } } },
  { match, rate: 0.03, do: { status: 429, headers: { "Retry-After": "0" } } },
]);
/** More answers in a row than a call has patience for are lost. */
const resumesMax = 20;

export async function tryHistory(sandbox: Sandbox, seed: number): Promise<void> {
  const proof = proofOf(seed);
  const history = drawHistory(seed, { by: proof === "resume" ? "resume" : "apply", isQuiet: proof === "run" });
  const problems: string[] = [];
  try {
    problems.push(...(await proveHistory(sandbox, history, proof)));
  } catch (error) {
    problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  if (problems.length === 0) return;
  throw new Error(`seed ${seed} (${proof}):\n${problems.join("\n")}\n${JSON.stringify(history)}`);
}

async function proveHistory(sandbox: Sandbox, history: History, proof: Proof): Promise<string[]> {
  const org = new Org(sandbox, history);
  await org.fill();
  await using project = openProject(sandbox, history);
  const named = await plan(project, history);
  await org.do(history.deeds);
  const before = await org.readAll();
  const expected = expectOutcome(history);
  const { onConflict, strict } = history.flags;
  const flags = [...(onConflict === undefined ? [] : ["--on-conflict", onConflict]), ...(strict ? ["--strict"] : [])];
  if (proof === "race") {
    await using other = openProject(sandbox, history);
    const file = project.path("history.plan");
    const machines = [project, other];
    const ended = await Promise.all(machines.map((one) => one.run("apply", file, ...flags, "--json")));
    const winner = ended.findIndex(({ code }) => code === 0);
    const codes = ended.map(({ code }) => code).sort();
    const isFair = expected.isRefused ? codes.every((code) => code === 7) : codes[0] === 0 && codes[1] === 7;
    const problems = isFair ? [] : [`exit codes ${codes.join(", ")}: ${ended.map(({ stderr }) => stderr).join("\n")}`];
    if (winner < 0) return [...problems, ...(await compareOrg(org, history, expected, before))];
    const [won, lost] = winner === 0 ? [project, other] : [other, project];
    problems.push(...compareEnd(won, ended[winner] as Finished, history, expected));
    problems.push(...(await compareOrg(org, history, expected, before)));
    // Whoever lost has a job that runs on.
    const next = await lost.run("resume");
    if (!next.stderr.includes("nothing to resume"))
      problems.push(`the other machine has something to resume: exit ${next.code} ${next.stderr}`);
    const runs = await lost.run("apply", file);
    if (runs.code !== 7) problems.push(`once more by the other machine: exit ${runs.code} ${runs.stderr}`);
    return [...problems, ...(await compareOrg(org, history, expected, before))];
  }
  if (proof === "faults") await sandbox.setFaults(faults);
  let done =
    proof === "resume" ? await project.run("resume", "--json") : await project.run("apply", named, ...flags, "--json");
  for (let resumes = 0; proof === "faults" && done.code === 75 && resumes < resumesMax; resumes += 1)
    done = await project.run("resume", "--json");
  await sandbox.setFaults([]);
  const problems = [
    ...compareEnd(project, done, history, expected),
    ...(await compareOrg(org, history, expected, before)),
  ];
  if (proof === "resume" || expected.isRefused) return problems;
  const again = await project.run("apply", named);
  if (again.code !== 7) problems.push(`applied once more: exit ${again.code} ${again.stderr}`);
  problems.push(...(await compareOrg(org, history, expected, before)));
  if (proof !== "run") return problems;
  await org.fill();
  await using fresh = openProject(sandbox, history);
  const run = await fresh.run("run", "job.yaml", "--json");
  // What a run knew of the target is of its own time.
  const isOwn = (name: string) => name === "presentValues";
  const counts = ({ stdout }: Finished) =>
    JSON.stringify((JSON.parse(stdout) as { streams: object }).streams, (name, value) =>
      isOwn(name) ? undefined : value,
    );
  if (run.code !== done.code || counts(run) !== counts(done))
    problems.push(`run ends otherwise: exit ${run.code} ${counts(run)}, apply ${done.code} ${counts(done)}`);
  return [...problems, ...(await compareOrg(org, history, { ...expected, untouched: [] }, []))];
}

/** What `apply` is to be given; nothing of a run that is killed. */
async function plan(project: Project, history: History): Promise<string> {
  if (history.by === "resume") {
    const LOADLINE_FAILPOINT = `planned:${history.streams.length}`;
    const killed = await project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT } }).finished;
    if (killed.signal !== "SIGKILL") throw new Error(`not killed: exit ${killed.code} ${killed.stderr}`);
    return "";
  }
  const isFile = history.isCarried || proofOf(history.seed) === "race";
  const done = await project.run("plan", "job.yaml", ...(isFile ? ["--out", "history.plan"] : []), "--json");
  if (done.code !== 0) throw new Error(`plan: exit ${done.code} ${done.stderr}`);
  const { streams, run } = done.summary();
  for (const stream of history.streams) {
    const counted = streams[stream];
    const told = { creates: 0, updates: 0, deletes: 0 };
    for (const one of planOf(history)) if (one.stream === stream) told[`${one.action}s`] += 1;
    const { creates = 0, updates = 0, deletes = 0, mirrorDeletes = 0 } = counted ?? {};
    const said = { creates, updates, deletes: deletes + mirrorDeletes };
    if (JSON.stringify(told) !== JSON.stringify(said))
      throw new Error(`the plan of ${stream} is ${JSON.stringify(said)}, not ${JSON.stringify(told)}`);
  }
  return isFile ? "history.plan" : (run ?? "");
}

function compareEnd(project: Project, done: Finished, history: History, expected: Outcome): string[] {
  if (expected.isRefused) return done.code === 7 ? [] : [`exit ${done.code}, not 7: ${done.stderr}`];
  if (done.code !== 0) return [`exit ${done.code}: ${done.stderr}`];
  const { streams, run } = done.summary();
  const problems: string[] = [];
  for (const stream of history.streams) {
    const counts = streams[stream];
    const { loaded = 0, failed = 0, conflicts = 0, mirrorDeletes = 0, inDoubt = 0 } = counts ?? {};
    const isMirror = history.mode === "mirror" && stream === "contacts";
    const rows = new Set(history.rows[stream].map(({ key }) => key));
    const ofRows = expected.conflicts[stream].filter((key) => rows.has(key)).length;
    const told = { loaded, failed, conflicts, inDoubt };
    const wanted = { loaded: expected.loaded[stream], failed: expected.failed[stream], conflicts: ofRows, inDoubt: 0 };
    if (JSON.stringify(told) !== JSON.stringify(wanted))
      problems.push(
        `${stream}: ${JSON.stringify(told)}, not ${JSON.stringify(wanted)} (mirror ${isMirror} ${mirrorDeletes})`,
      );
    const listed = readConflicts(project, run ?? "", stream);
    const keys = [...expected.conflicts[stream]].sort();
    if (listed.join() !== keys.join()) problems.push(`${stream}: conflicts ${listed.join()}, not ${keys.join()}`);
  }
  return problems;
}

function readConflicts(project: Project, run: string, stream: StreamName): string[] {
  const folder = `.loadline/runs/${run}/conflicts`;
  if (!project.list(folder).includes(`${stream}.csv`)) return [];
  const rows = parse(readFileSync(project.path(join(folder, `${stream}.csv`))), { columns: true }) as Record<
    string,
    string
  >[];
  // Of a key of two fields both are shown.
  return rows.map((row) => (row["loadline_key"] ?? "").replace(", ", "")).sort();
}

async function compareOrg(
  org: Org,
  history: History,
  expected: Outcome,
  before: readonly { id: string; whole: string }[],
): Promise<string[]> {
  const found = await org.readAll();
  const show = (stream: StreamName, key: string, values: Record<string, string>) =>
    [stream, key, ...["last", "phone", "title", "account", "note"].map((field) => values[field] ?? "")].join("|");
  const there = found.map(({ stream, key, values }) => show(stream, key, values)).sort();
  const live = (one: Held) => !one.isGone && history.streams.includes(one.stream);
  const wanted = expected.records
    .filter(live)
    .map(({ stream, key, values }) => show(stream, key, values))
    .sort();
  const problems = [
    ...there.filter((one) => !wanted.includes(one)).map((one) => `is there: ${one}`),
    ...wanted.filter((one) => !there.includes(one)).map((one) => `is not there: ${one}`),
  ];
  if (problems.length === 0 && there.join() !== wanted.join()) problems.push("records are there twice");
  const known = new Map(before.map(({ id, whole }) => [id, whole]));
  const kept = new Set(expected.untouched.flatMap((uid) => org.idsOf(uid)));
  for (const { id, whole, key } of found)
    if (kept.has(id) && known.has(id) && known.get(id) !== whole)
      problems.push(`touched: ${key} ${known.get(id)} ${whole}`);
  return problems;
}
