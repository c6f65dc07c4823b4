// One extraction to be broken: an org with some thousand records on pages of five hundred, a project that writes what changed to
// a file a run, and the oracle over those files: every version of every record stands in exactly one of them.
// In: where to kill it and what a person, or cron, does then. Out: what is lost and what is doubled.

import { readdirSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { wait } from "../../src/core/clock.ts";
import { ingest } from "../support/ingest.ts";
import { connections, createProject, type Finished, type Project, type Sandbox, startSandbox } from "../support/rig.ts";
import type { Continuation } from "./kill-points.ts";
import { resume, runJob, schema } from "./load.ts";
import type { Program } from "./program.ts";
import { faults } from "./random-load.ts";

/** More than come by REST. */
const records = 2300;
const changed = 7;
/** An extraction takes about so long; a kill beyond its end is none. */
const [killMsMin, killMsMax] = [150, 600];
const killsMax = 3;

const job = `version: 1
name: contacts
streams:
  contacts:
    source: { connection: salesforce, object: Contact, incremental: {}, deletes: emit }
    target: { connection: drop, files: "contacts-{run}.csv" }
    map: { id: Id, version: SystemModstamp, key: Ext__c }
`;

export interface ExtractionOrg extends AsyncDisposable {
  program: Program;
  sandbox: Sandbox;
}

export async function openExtractionOrg(program: Program): Promise<ExtractionOrg> {
  const sandbox = await startSandbox({ schema: { ...schema, bulkQueryPageRows: 500 }, msMax: 3_600_000 });
  const rows = Array.from({ length: records }, (_, index) => `k${index},Name ${index}`);
  await ingest(sandbox, "Contact", "Ext__c", `Ext__c,LastName\n${rows.join("\n")}\n`);
  return { program, sandbox, [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose]() };
}

export interface ExtractionResult {
  kills: number;
  lost: number;
  doubled: number;
  /** Set when it did not come to its end. */
  problem?: string;
}

/**
 * Kills a run at a failpoint, goes on and is killed at the next one, and so on to the end; then changes a few records and
 * runs once more. Gives the names of all failpoints that it came to.
 */
export async function killExtraction(
  org: ExtractionOrg,
  failpoints: readonly string[],
  continuation: Continuation,
): Promise<ExtractionResult & { hits: string[] }> {
  await using project = openProject(org);
  const goOn = continuation === "run" ? runJob : resume;
  const log = { LOADLINE_FAILPOINT_LOG: project.path("hits") };
  let kills = 0;
  for (const [index, failpoint] of failpoints.entries()) {
    const killed = await run(org, project, index === 0 ? runJob : goOn, { ...log, LOADLINE_FAILPOINT: failpoint });
    if (killed.signal === "SIGKILL") kills += 1;
  }
  const ends = [await run(org, project, goOn, log)];
  const hits = project.read("hits").trim().split("\n");
  await touchRecords(org);
  ends.push(await run(org, project, runJob));
  return { kills, hits, ...(await judge(org, project, ends)) };
}

/** Kills runs at random moments while the org drops answers, until one comes to its end; then once more undisturbed. */
export async function extractUnderFire(org: ExtractionOrg, draw: () => number): Promise<ExtractionResult> {
  await using project = openProject(org);
  await org.sandbox.setFaults(faults);
  let kills = 0;
  let last: Finished;
  do {
    const running = org.program.start(draw() < 0.5 ? runJob : resume, project.folder, environment());
    const stop = new AbortController();
    const delayMs = kills < killsMax ? killMsMin + draw() * (killMsMax - killMsMin) : 3_600_000;
    const kill = wait(delayMs, stop.signal).then(
      () => running.child.kill("SIGKILL"),
      () => false,
    );
    last = await running.finished;
    stop.abort();
    await kill;
    if (last.signal === "SIGKILL") kills += 1;
  } while (last.code !== 0 || last.stderr.includes("nothing to resume"));
  await org.sandbox.setFaults([]);
  await touchRecords(org);
  return { kills, ...(await judge(org, project, [last, await run(org, project, runJob)])) };
}

function openProject({ sandbox }: ExtractionOrg): Project {
  return createProject({ ...connections(sandbox), "jobs/contacts.yaml": job, "inbox/.keep": "" });
}

function run(
  { program }: ExtractionOrg,
  project: Project,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Finished> {
  return program.run(args, project.folder, { ...environment(), ...env });
}

function environment(): Record<string, string> {
  return { SF_CLIENT_ID: "sandbox", SF_CLIENT_SECRET: "sandbox" };
}

let touches = 0;

async function touchRecords({ sandbox }: ExtractionOrg): Promise<void> {
  touches += 1;
  const rows = Array.from({ length: changed }, (_, index) => `k${index * 11},Changed ${touches}`);
  await ingest(sandbox, "Contact", "Ext__c", `Ext__c,LastName\n${rows.join("\n")}\n`);
}

async function judge(
  { sandbox }: ExtractionOrg,
  project: Project,
  ends: readonly Finished[],
): Promise<Omit<ExtractionResult, "kills">> {
  const written = new Map<string, number>();
  for (const name of readdirSync(project.path("inbox")).filter((file) => file.endsWith(".csv"))) {
    const rows = parse(project.read(`inbox/${name}`), { columns: true }) as { id: string; version: string }[];
    for (const { id, version } of rows) written.set(`${id} ${version}`, (written.get(`${id} ${version}`) ?? 0) + 1);
  }
  const held = await sandbox.dump("Contact");
  const lost = held.filter(({ Id, SystemModstamp }) => {
    return !written.has(`${String(Id)} ${new Date(String(SystemModstamp)).toISOString()}`);
  });
  const doubled = [...written.values()].filter((times) => times > 1);
  const failed = ends.find(({ code }) => code !== 0);
  const problem = failed === undefined ? {} : { problem: `exit ${failed.code ?? failed.signal}: ${failed.stderr}` };
  return { lost: lost.length, doubled: doubled.length, ...problem };
}
