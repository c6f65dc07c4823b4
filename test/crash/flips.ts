// npm run crash:flips -- --flips 10000 --seed 1 : one bit of one file of an interrupted run flips, then the run is gone on
// with. In: a run that was killed in the middle of its load, an insert whose key the org does not keep unique. Out: how
// many flips were told, how many changed nothing, and every silent one: exit code 0, and records lost, doubled or others.
// Most flips are told by what a command does before it asks any system, so that is done in this process; what is not
// told by then goes through the whole program against an org that stands as it stood when the run was killed.

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { Ledger } from "../../src/checkpoint/ledger.ts";
import { tables } from "../../src/checkpoint/ledger-schema.ts";
import { Failure } from "../../src/core/errors.ts";
import { seededFraction } from "../../src/core/random.ts";
import { openSqlite } from "../../src/core/sqlite.ts";
import { findUnfinished } from "../../src/pipeline/recovery.ts";
import { refuseChangedFiles } from "../../src/pipeline/resumed-files.ts";
import { refuseChangedCopy } from "../../src/pipeline/runs.ts";
import { contactsJob, schema } from "../run/support.ts";
import { connections, createProject, type Project, startSandbox } from "../support/rig.ts";

export interface Flips {
  flips: number;
  told: number;
  /** Not told, and the end is as it is without the flip. */
  harmless: number;
  silent: string[];
}

const rows = 24;
const job = contactsJob({
  mode: "insert",
  map: "      Loose__c: id\n      LastName: last",
  target: ", batch: { rows: 4 }",
}).replace("key: Ext__c", "key: Loose__c");

const input = `id,last\n${Array.from({ length: rows }, (_, n) => `K${n},Last${n}`).join("\n")}\n`;

/** Files of an interrupted run that the rest of it goes by; answers that are fetched anew are none. */
function filesToFlip(state: string): string[] {
  return readdirSync(state, { recursive: true, encoding: "utf8" })
    .map((name) => join(state, name))
    .filter((path) => statSync(path).isFile() && statSync(path).size > 0)
    .filter((path) =>
      /ledger\.(db|db-wal|mark)$|\/(plan|batches|results|extract|inserted)\/.+\.(csv|parquet)$|job\.yaml$/.test(path),
    );
}

/** What a command would say before it asks a system; "same" where all that it would read is as it was. */
async function tellOffline(state: string, whole: string): Promise<"told" | "same" | "unclear"> {
  try {
    using ledger = Ledger.open(state);
    if (ledger.warnings.length > 0) return "told";
    const unfinished = findUnfinished(ledger);
    if (unfinished === undefined) return "unclear";
    const { run } = unfinished;
    const folder = join(state, "runs", run.id);
    ledger.checkRun(run.id);
    refuseChangedCopy(run, join(folder, "job.yaml"));
    await refuseChangedFiles(ledger, run.id, folder);
  } catch (error) {
    if (error instanceof Failure) return "told";
    throw error;
  }
  return contentOf(state) === whole ? "same" : "unclear";
}

/** All that the ledger says: bytes of its files may differ where nothing stands. */
function contentOf(state: string): string {
  const database = openSqlite(join(state, "ledger.db"), { synchronous: "OFF" });
  const all = Object.keys(tables).map((name) => database.prepare(`SELECT * FROM ${name}`).all());
  database.close();
  return JSON.stringify(all);
}

/** Flips `count` bits, one at a time. `tellSilent` is given each one as it is found. */
export async function flipBits(count: number, seed: number): Promise<Flips> {
  const next = seededFraction(seed);
  const data = mkdtempSync(join(tmpdir(), "loadline-flips-"));
  await using project = createProject({ "job.yaml": job, "inbox/contacts.csv": input });
  try {
    const org = join(data, "org");
    await interrupt(project, org);
    const state = project.path(".loadline");
    const whole = join(data, "whole");
    cpSync(state, whole, { recursive: true });
    const content = contentOf(state);
    const files = filesToFlip(whole);
    const sizes = files.map((path) => statSync(path).size);
    const result: Flips = { flips: 0, told: 0, harmless: 0, silent: [] };
    for (; result.flips < count; result.flips += 1) {
      // Each kind of file as often as the others: by bytes nearly all would be the ledger's.
      const at = Math.floor(next() * files.length);
      const byte = Math.floor(next() * (sizes[at] ?? 0));
      const bit = Math.floor(next() * 8);
      const name = relative(whole, files[at] ?? "");
      rmSync(state, { recursive: true });
      cpSync(whole, state, { recursive: true });
      flip(join(state, name), byte, bit);
      const said = await tellOffline(state, content);
      if (said === "told" || (said === "same" && name.startsWith("ledger."))) {
        if (said === "told") result.told += 1;
        else result.harmless += 1;
        continue;
      }
      rmSync(state, { recursive: true });
      cpSync(whole, state, { recursive: true });
      flip(join(state, name), byte, bit);
      const end = await goOn(project, org, data);
      if (end.isTold) result.told += 1;
      else if (end.isRight) result.harmless += 1;
      else result.silent.push(`${name}, byte ${byte}, bit ${bit}: ${end.what}`);
    }
    return result;
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

function flip(path: string, byte: number, bit: number): void {
  const bytes = readFileSync(path);
  bytes[byte] = (bytes[byte] ?? 0) ^ (1 << bit);
  writeFileSync(path, bytes);
}

/** Kills the run in the middle of its load; what the org holds then is in `org`. */
async function interrupt(project: Project, org: string): Promise<void> {
  await using sandbox = await startSandbox({ schema, data: org });
  project.write(connections(sandbox));
  await project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "settled:3" } }).finished;
  await sandbox.stop("SIGTERM");
}

/** Goes on with the run, in a copy of the org. */
async function goOn(
  project: Project,
  org: string,
  data: string,
): Promise<{ isTold: boolean; isRight: boolean; what: string }> {
  const copy = join(data, "copy");
  rmSync(copy, { recursive: true, force: true });
  cpSync(org, copy, { recursive: true });
  await using sandbox = await startSandbox({ schema, data: copy });
  project.write(connections(sandbox));
  const done = await project.run("resume", "--json");
  const keys = (await sandbox.dump("Contact")).map((record) => `${record["Loose__c"]},${record["LastName"]}`).sort();
  const wanted = input.trim().split("\n").slice(1).sort();
  const loaded = /"loaded":(\d+)/.exec(done.stdout)?.[1];
  const isRight = JSON.stringify(keys) === JSON.stringify(wanted) && loaded === String(rows);
  return {
    // By name: an internal error tells nobody what to do.
    isTold: done.code !== 0 && !/internal error/.test(done.stderr),
    isRight,
    what: `exit ${done.code}, ${keys.length} records, loaded ${loaded}, ${done.stderr.slice(0, 300)}`,
  };
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { flips: { type: "string" }, seed: { type: "string" } } });
  const { flips, told, harmless, silent } = await flipBits(Number(values.flips ?? 1000), Number(values.seed ?? 1));
  for (const line of silent) process.stdout.write(`SILENT ${line}\n`);
  process.stdout.write(`${flips} flips: ${told} told, ${harmless} without effect, ${silent.length} silent\n`);
  process.exitCode = silent.length === 0 ? 0 : 1;
}
