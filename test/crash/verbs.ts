// The commands that load, each ready to be killed: `run` of the job, `apply` of a plan that came in a file, `retry` of rows
// that an earlier run rejected, `rollback` of a run, `repair` of what a truth pass finds. In: a verb and a mode. Out: a load whose end the same oracle judges. What must hold: what
// comes before the command is undisturbed, and its end is asked for what the oracle can't see.

import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import { openSqlite } from "../../src/core/sqlite.ts";
import { connections, createProject, type Finished, type Sandbox } from "../support/rig.ts";
import {
  attachLoad,
  hubspotModes,
  inputFile,
  isHubSpot,
  keyOf,
  kindOf,
  type Lane,
  type Load,
  type LoadMode,
  openLoad,
  runJob,
  salesforceModes,
} from "./load.ts";

const verbs = ["run", "apply", "retry", "rollback", "repair"] as const;

export type Verb = (typeof verbs)[number];

export interface VerbLoad extends Load {
  /** The command that is killed. */
  begin: readonly string[];
  /** Runs that came to their end before it. */
  endedBefore: number;
  /** What is wrong with the end beside the org, or undefined. */
  checkEnd(): Promise<string | undefined>;
}

export function readVerb(text: string): Verb {
  const verb = verbs.find((one) => one === text);
  if (verb === undefined) throw new Error(`--verb is one of ${verbs.join(", ")}`);
  return verb;
}

/** A delete has no row that the job could reject; what is deleted in HubSpot can't be made anew by its key alone. */
export function modesOf(verb: Verb): LoadMode[] {
  const every = [...salesforceModes, ...hubspotModes];
  if (verb === "run" || verb === "apply") return every;
  return every.filter((mode) => kindOf(mode) !== "delete" || (verb === "rollback" && !isHubSpot(mode)));
}

export async function openVerb(lane: Lane, verb: Verb = "run", mode: LoadMode, batchRows?: number): Promise<VerbLoad> {
  const load = await openLoad(lane, mode, batchRows);
  if (verb === "run") return { ...load, begin: runJob, endedBefore: 0, checkEnd: async () => undefined };
  if (verb === "repair") return prepareRepair(load);
  if (verb === "rollback") return prepareRollback(lane, mode, load);
  return verb === "apply" ? prepareApply(lane, mode, load) : prepareRetry(lane, mode, load);
}

const planFile = "contacts.plan";

/** The plan is made on one machine, others change records, another machine applies it. */
async function prepareApply(lane: Lane, mode: LoadMode, load: Load): Promise<VerbLoad> {
  const { sandbox, project } = load;
  const job = project.read("jobs/contacts.yaml");
  await expectDone(load.run(["plan", "jobs/contacts.yaml", "--out", planFile]));
  const plan = readFileSync(project.path(planFile));
  await project[Symbol.asyncDispose]();
  const other = createProject({ ...connections(sandbox), "jobs/contacts.yaml": job, [planFile]: plan });
  const { before, held } = await changeRecords(sandbox, mode, load.before);
  const rows = inputRows(inputFile()).filter(({ id = "" }) => !held.includes(id));
  const csv = stringify(rows, { header: true });
  const begin = ["apply", planFile, "--json"];
  const attached = attachLoad(lane, mode, other, before, { csv, held: held.length });
  const checkEnd = async () => {
    const again = await attached.run(begin);
    if (again.code !== 7) return `applied once more: exit ${again.code} ${again.stderr}`;
    using file = openSqlite(other.path(planFile), { synchronous: "OFF" });
    const claims = file.prepare("SELECT count(*) AS claims FROM claims").get();
    return claims?.["claims"] === 1 ? undefined : "nobody has claimed the plan";
  };
  return { ...attached, begin, endedBefore: 0, checkEnd };
}

/** What earlier loads of this process have made ready: a folder of its own for each key. */
const prepared = new Map<string, Promise<unknown>>();

/** Makes what comes before the command once. Not for what holds ids or times of the org: after a reset these are others. */
function onceFor<T>(key: string, make: (folder: string) => Promise<T>): Promise<T> {
  const made = prepared.get(key) as Promise<T> | undefined;
  if (made !== undefined) return made;
  const folder = mkdtempSync(join(tmpdir(), "loadline-kept-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const making = make(folder);
  prepared.set(key, making);
  return making;
}

/** One record that is to be changed, and one that is to be made. Gives their keys, and what the org holds now. */
async function changeRecords(
  sandbox: Sandbox,
  mode: LoadMode,
  before: Load["before"],
): Promise<{ before: Load["before"]; held: string[] }> {
  if (kindOf(mode) === "insert") return { before, held: [] };
  await sandbox.advance(2000);
  const [changed, made] = ["id-10", "id-40"];
  const now = new Map([...before, [changed, { ...before.get(changed), LastName: "another's" }]]);
  await changeRecord(sandbox, mode, changed);
  if (kindOf(mode) === "delete") return { before: now, held: [changed] };
  const empty = { FirstName: null, Email: null, Amount__c: null };
  now.set(made, { ...empty, [keyOf(mode)]: made, LastName: "another's" });
  if (isHubSpot(mode)) {
    await sandbox.hubspotApi("POST", "/crm/v3/objects/contacts", {
      properties: { ext_id: made, lastname: "another's" },
    });
  } else await sandbox.api("POST", "sobjects/Contact", { [keyOf(mode)]: made, LastName: "another's" });
  return { before: now, held: [changed, made] };
}

async function changeRecord(sandbox: Sandbox, mode: LoadMode, key: string): Promise<void> {
  if (isHubSpot(mode)) {
    const path = `/crm/v3/objects/contacts/${key}?idProperty=ext_id`;
    await sandbox.hubspotApi("PATCH", path, { properties: { lastname: "another's" } });
    return;
  }
  const record = (await sandbox.dump("Contact")).find((one) => one[keyOf(mode)] === key);
  await sandbox.api("PATCH", `sobjects/Contact/${String(record?.["Id"])}`, { LastName: "another's" });
}

const mendedFile = "mended.csv";

/** All rows come without a last name, are rejected, exported, mended and loaded again: the org is as it was until then. */
async function prepareRetry(lane: Lane, mode: LoadMode, load: Load): Promise<VerbLoad> {
  const { project, before, sandbox } = load;
  const csv = project.read("inbox/contacts.csv");
  const rows = inputRows(csv);
  const kept = await onceFor(`rejects ${mode} ${project.read("jobs/contacts.yaml")}`, async (folder) => {
    const run = await rejectAll(load, rows);
    cpSync(project.folder, folder, { recursive: true });
    return { folder, run };
  });
  cpSync(kept.folder, project.folder, { recursive: true });
  project.write(connections(sandbox));
  const attached = attachLoad(lane, mode, project, before, { csv, held: 0 });
  const checkEnd = async () => {
    const { stdout } = await attached.run(["rejects", kept.run, "--json"]);
    const { streams } = JSON.parse(stdout) as { streams: Record<string, { open: number; retried: number }> };
    const { open, retried } = streams["contacts"] ?? {};
    return open === 0 && retried === rows.length ? undefined : `rejects: ${open} open, ${retried} retried`;
  };
  return { ...attached, begin: ["rejects", kept.run, "--retry", mendedFile, "--json"], endedBefore: 1, checkEnd };
}

/** Gives the run's id. */
async function rejectAll({ project, run }: Load, rows: readonly Record<string, string>[]): Promise<string> {
  const bad = rows.map((row) => ({ ...row, last: "" }));
  project.write({
    "inbox/contacts.csv": stringify(bad, { header: true }),
    "jobs/contacts.yaml": project.read("jobs/contacts.yaml").replace("max: 50%", "max: 100%"),
  });
  const id = (await expectDone(run(runJob))).summary().run ?? "";
  await expectDone(run(["rejects", id, "--export", mendedFile]));
  const lastOf = new Map(rows.map(({ id, last }) => [id, last]));
  const mended = inputRows(project.read(mendedFile)).map((row) => ({ ...row, last: lastOf.get(row["id"]) }));
  project.write({ [mendedFile]: stringify(mended, { header: true }) });
  return id;
}

/** The job has run; the org is to be as it was before. */
async function prepareRollback(lane: Lane, mode: LoadMode, load: Load): Promise<VerbLoad> {
  const { project, before } = load;
  const { run } = (await expectDone(load.run(runJob))).summary();
  const attached = attachLoad(lane, mode, project, before, { csv: "id\n", held: 0, isSecond: true });
  const begin = ["rollback", run ?? "", "--yes", "--json"];
  const checkEnd = async () => {
    const again = (await expectDone(attached.run(["rollback", run ?? "", "--json"]))).summary();
    const { extracted, unchanged } = again.streams["contacts"] ?? {};
    return extracted === unchanged && Number(extracted) > 0 ? undefined : `of ${extracted} rows ${unchanged} are back`;
  };
  // The input says nothing of how many rows there are to take back.
  const judge: Load["judge"] = ({ last: _last, ...options }) => attached.judge(options);
  return { ...attached, judge, begin, endedBefore: 1, checkEnd };
}

/** Nothing has run before: all that the input has is drift, and what the org refuses stays so. */
function prepareRepair(load: Load): VerbLoad {
  const pass = ["reconcile", "jobs/contacts.yaml", "--json"];
  const checkEnd = async () => {
    const { code, stdout } = await load.run(pass);
    const { left } = (JSON.parse(stdout) as { streams: Record<string, { left: number }> }).streams["contacts"] ?? {};
    return code === 10 && left === 1 ? undefined : `exit ${code}, ${left} left`;
  };
  return { ...load, begin: [...pass, "--repair"], endedBefore: 0, checkEnd };
}

function inputRows(csv: string): Record<string, string>[] {
  return parse(csv, { columns: true });
}

async function expectDone(running: Promise<Finished>): Promise<Finished> {
  const done = await running;
  if (done.code !== 0) throw new Error(`exit ${done.code}: ${done.stderr}`);
  return done;
}
