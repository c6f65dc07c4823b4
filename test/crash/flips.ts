// npm run crash:flips -- --flips 10000 --seed 1 [--modes upsert,hs-import]: one bit of one file of an interrupted run flips,
// then the run is gone on with. In: for each way of writing a run that was killed in the middle of its load. Out: how many
// flips were told, how many changed nothing, and every silent one: exit code 0, and what the oracle says is wrong.
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
import { findUnfinished } from "../../src/pipeline/runs/recovery.ts";
import { refuseChangedFiles } from "../../src/pipeline/runs/resumed-files.ts";
import { refuseChangedCopy } from "../../src/pipeline/runs/runs.ts";
import { connections } from "../support/rig.ts";
import {
  attachLoad,
  hubspotModes,
  type Load,
  type LoadMode,
  openLane,
  openLoad,
  resume,
  runJob,
  salesforceModes,
} from "./load.ts";
import { isClean } from "./oracle.ts";
import { buildProgram, type Program } from "./program.ts";

export interface Flips {
  flips: number;
  told: number;
  /** Not told, and the end is as it is without the flip. */
  harmless: number;
  silent: string[];
}

/** Flips `count` bits of each mode, one at a time. `onMode` is given what was found of each. */
export async function flipBits(
  program: Program,
  modes: readonly LoadMode[],
  count: number,
  seed: number,
  onMode: (mode: LoadMode, found: Flips) => void = () => undefined,
): Promise<Flips> {
  const next = seededFraction(seed);
  const sum: Flips = { flips: 0, told: 0, harmless: 0, silent: [] };
  for (const mode of modes) {
    const found = await flipBitsOf(program, mode, count, next);
    onMode(mode, found);
    sum.flips += found.flips;
    sum.told += found.told;
    sum.harmless += found.harmless;
    sum.silent.push(...found.silent);
  }
  return sum;
}

async function flipBitsOf(program: Program, mode: LoadMode, count: number, next: () => number): Promise<Flips> {
  const data = mkdtempSync(join(tmpdir(), "loadline-flips-"));
  try {
    await using load = await interrupt(program, mode, join(data, "org"));
    const { project } = load;
    const state = project.path(".loadline");
    const whole = join(data, "whole");
    cpSync(state, whole, { recursive: true });
    const content = contentOf(state);
    const files = filesToFlip(whole);
    const sizes = files.map((path) => statSync(path).size);
    const found: Flips = { flips: 0, told: 0, harmless: 0, silent: [] };
    for (; found.flips < count; found.flips += 1) {
      // Each kind of file as often as the others: by bytes nearly all would be the ledger's.
      const at = Math.floor(next() * files.length);
      const byte = Math.floor(next() * (sizes[at] ?? 0));
      const bit = Math.floor(next() * 8);
      const name = relative(whole, files[at] ?? "");
      const spoil = () => {
        rmSync(state, { recursive: true });
        cpSync(whole, state, { recursive: true });
        flip(join(state, name), byte, bit);
      };
      spoil();
      const said = await tellOffline(state, content);
      if (said === "told") found.told += 1;
      else if (said === "same" && name.startsWith("ledger.")) found.harmless += 1;
      else {
        spoil();
        const end = await goOn(program, load, mode, data);
        if (end.isTold) found.told += 1;
        else if (end.isRight) found.harmless += 1;
        else found.silent.push(`${mode}: ${name}, byte ${byte}, bit ${bit}: ${end.what}`);
      }
    }
    return found;
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

/** Files of an interrupted run that the rest of it goes by; answers that are fetched anew are none. */
function filesToFlip(state: string): string[] {
  return readdirSync(state, { recursive: true, encoding: "utf8" })
    .map((name) => join(state, name))
    .filter((path) => statSync(path).isFile() && statSync(path).size > 0)
    .filter((path) =>
      /ledger\.(db|db-wal|mark)$|\/(plan|batches|results|extract|inserted)\/.+\.(csv|jsonl|parquet)$|job\.yaml$/.test(
        path,
      ),
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

function flip(path: string, byte: number, bit: number): void {
  const bytes = readFileSync(path);
  bytes[byte] = (bytes[byte] ?? 0) ^ (1 << bit);
  writeFileSync(path, bytes);
}

/** Kills the run in the middle of its load; what the org holds then is in `org`. */
async function interrupt(program: Program, mode: LoadMode, org: string): Promise<Load> {
  await using lane = await openLane(program, org);
  const load = await openLoad(lane, mode);
  await load.run(runJob, { LOADLINE_FAILPOINT: "settled:3" });
  await lane.sandbox.stop("SIGTERM");
  return load;
}

/** Goes on with the run, in a copy of the org. */
async function goOn(
  program: Program,
  { project, before }: Load,
  mode: LoadMode,
  data: string,
): Promise<{ isTold: boolean; isRight: boolean; what: string }> {
  const copy = join(data, "copy");
  rmSync(copy, { recursive: true, force: true });
  cpSync(join(data, "org"), copy, { recursive: true });
  await using lane = await openLane(program, copy);
  project.write(connections(lane.sandbox));
  const load = attachLoad(lane, mode, project, before);
  const last = await load.run(resume);
  const verdict = await load.judge({ replanned: false, ...(last.stdout === "" ? {} : { last }) });
  return {
    // By name: an internal error tells nobody what to do.
    isTold: last.code !== 0 && !/internal error/.test(last.stderr),
    isRight: last.code === 0 && isClean(verdict),
    what: `exit ${last.code}, ${JSON.stringify(verdict)}, ${last.stderr.slice(0, 300)}`,
  };
}

if (import.meta.main) {
  const every = [...salesforceModes, ...hubspotModes];
  const { values } = parseArgs({
    options: {
      flips: { type: "string" },
      seed: { type: "string" },
      modes: { type: "string", default: every.join(",") },
    },
  });
  const modes = every.filter((mode) => values.modes.split(",").includes(mode));
  const each = Math.ceil(Number(values.flips ?? 1000) / modes.length);
  const print = (what: string, { flips, told, harmless, silent }: Flips) =>
    process.stdout.write(
      `${what}${flips} flips: ${told} told, ${harmless} without effect, ${silent.length} silent\n${silent.map((line) => `SILENT ${line}\n`).join("")}`,
    );
  using program = buildProgram();
  const sum = await flipBits(program, modes, each, Number(values.seed ?? 1), (mode, found) =>
    print(`${mode}: `, found),
  );
  process.stdout.write(
    `${sum.flips} flips: ${sum.told} told, ${sum.harmless} without effect, ${sum.silent.length} silent\n`,
  );
  process.exitCode = sum.silent.length === 0 ? 0 : 1;
}
