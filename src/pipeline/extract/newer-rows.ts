// Rows of files that an earlier run has left, taken up when newer rows of their key came meanwhile: loaded, they would write
// what is old over what is new. In: a run that takes up such rows, the parts of the runs since. Out: a table of the rows
// that are older, and why. What must hold: a row counts as newer that came later, in a later run or further down, and that
// is not open or ended itself.

import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import type { PartRecord, RunRecord } from "../../checkpoint/ledger.ts";
import { usageFailure } from "../../core/errors.ts";
import { hashFile, linkAll } from "../../core/files.ts";
import { literal } from "../../core/sql.ts";
import { foldKey } from "../../diff/keys.ts";
import type { Stream } from "../../job/job.ts";
import { columnsOfParts, compileInRun } from "../compile/compile-in-run.ts";
import { keyField } from "../diff/diff-input.ts";
import { resolveLookup } from "../lookups/resolve-lookup.ts";
import { locateRows } from "../rows/row-places.ts";
import { type RunContext, subfolder, targetOf } from "../run/context.ts";
import { runFolder } from "../run/run-files.ts";
import { stageStream } from "../stage/stage-stream.ts";
import type { StagedStream } from "../stage/staged-stream.ts";
import { decryptAgain } from "./extract-stream.ts";
import { isAfter, RowOrigins, type RowSpot, sinceFolder } from "./row-origins.ts";

const olderRows = "older_of_part";
const retriedKeys = "retried_keys";

/** Name of a table (position, why) of the part's rows that are older; undefined where the run takes up none that could be. */
export async function findOlder(
  context: RunContext,
  stream: Stream,
  parts: readonly PartRecord[],
): Promise<string | undefined> {
  const { engine, run } = context;
  const { retry } = run.options;
  if (retry === undefined || retry.older === true || stream.source.kind !== "files" || !writesOver(stream)) return;
  refuseOtherStreams(stream);
  const keyed = ofKeyAlone(stream);
  const key = await stageKeys(context, keyed, parts);
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${retriedKeys} AS
    SELECT _position_ AS position, ${key.sql} AS key FROM ${key.staged.view} WHERE ${key.sql} IS NOT NULL`);
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${olderRows} (position BIGINT, why VARCHAR)`);
  const origins = new RowOrigins(context, stream.name);
  const told = new Set<number>();
  for (const other of runsSince(context, stream, origins)) {
    for (const { position, label } of await findNewer(context, keyed, other, origins)) {
      if (told.has(position)) continue;
      told.add(position);
      const why = `a newer row of this key came since: ${label} (run ${other.id}); this one is not loaded over it`;
      await engine.run(`INSERT INTO ${olderRows} VALUES (${position}, ${literal(why)})`);
    }
  }
  return olderRows;
}

/** An insert makes a record of each row, and takes no other's place; a delete writes no values; such a file is each run's own. */
function writesOver({ target }: Stream): boolean {
  return target.mode !== "insert" && target.mode !== "delete" && target.mode !== "replace";
}

/** What another stream of an earlier run had is not kept for later ones. */
function refuseOtherStreams({ name, fields, target }: Stream): void {
  const field = fields.find((one) => target.key.includes(one.target) && one.lookup?.in.kind === "stream");
  if (field === undefined) return;
  throw usageFailure(
    `whether rows of stream ${name} are older than others by now can't be told: ${field.target} is looked up in another stream`,
    { where: field.expression.place, next: "a look at what came since, then --retry with --older" },
  );
}

/** No rule, for what breaks one may be mended; of the fields those that say which record a row is of. */
function ofKeyAlone({ dedupe: _, ...stream }: Stream): Stream {
  const { adoptBy: __, ...target } = stream.target;
  return { ...stream, target, rules: [], fields: stream.fields.filter((field) => target.key.includes(field.target)) };
}

/** Those that took rows of the stream after the run which left these, its own among them; the newest first. */
function runsSince(context: RunContext, { name, target }: Stream, origins: RowOrigins): RunRecord[] {
  const { ledger, run } = context;
  const { orgId } = targetOf(context, target.connection);
  const first = origins.firstRun(run.options.retry?.run ?? "");
  return ledger.runs({ job: run.job }).filter((one) => {
    if (one.id === run.id || one.command === "plan" || one.jobFile !== run.jobFile) return false;
    const of = ledger.streams(one.id).find((stream) => stream.name === name);
    if (of === undefined || of.plan === null || (of.state !== "settled" && of.state !== "loading")) return false;
    if (of.org !== orgId || of.object !== target.object) return false;
    return origins.firstRun(one.id).started >= first.started;
  });
}

interface NewerRow {
  /** Of the older one, in this run's part. */
  position: number;
  label: string;
}

async function findNewer(
  context: RunContext,
  stream: Stream,
  other: RunRecord,
  origins: RowOrigins,
): Promise<NewerRow[]> {
  const { engine, ledger } = context;
  const of = { ...context, run: other, folder: sinceFolder(context.folder, other.id) };
  const parts = await bringParts(
    of,
    stream,
    ledger.parts(other.id, stream.name),
    runFolder(origins.stateFolder, other.id),
  );
  if (parts.length === 0) return [];
  const { staged, sql } = await stageKeys(of, stream, parts);
  const rows = `SELECT r.position AS mine, s._row_ AS row, s._part_ AS part, s._position_ AS position
    FROM (SELECT *, ${sql} AS _folded_ FROM ${staged.view}) s JOIN ${retriedKeys} r ON r.key = s._folded_`;
  const found = await engine.all(`SELECT * FROM (${rows}) ORDER BY mine, part DESC, position DESC`);
  if (found.length === 0) return [];
  const places = await locateRows(engine, staged, `SELECT row AS _row_ FROM (${rows})`);
  const newer: NewerRow[] = [];
  for (const row of found) {
    const place = places.get(Number(row["row"]));
    const label = place?.label ?? "";
    const spot: RowSpot = {
      ordinal: Number(row["part"]),
      label,
      record: Number(row["position"]) + 1,
      line: place?.line ?? 0,
    };
    const position = Number(row["mine"]);
    if (!(await isNewer(context, origins, { other, spot, position }))) continue;
    newer.push({ position, label: spot.line === 0 ? label : `${label}, line ${spot.line}` });
  }
  return newer;
}

async function isNewer(
  { run }: RunContext,
  origins: RowOrigins,
  { other, spot, position }: { other: RunRecord; spot: RowSpot; position: number },
): Promise<boolean> {
  if (await origins.isLeft(other.id, spot)) return false;
  const mine = await origins.ofTaken(run.id, position);
  const first = origins.firstRun(other.id);
  if (first.id !== mine.run) return true;
  const theirs = first.id === other.id ? spot : await origins.ofTaken(other.id, spot.record - 1);
  return isAfter(theirs, mine);
}

/** Rows with their key alone; and SQL of that. */
async function stageKeys(
  context: RunContext,
  stream: Stream,
  parts: readonly PartRecord[],
): Promise<{ staged: StagedStream; sql: string }> {
  const compiled = await compileInRun(context, stream, columnsOfParts(parts));
  // Not with those of the run itself: a lookup goes by its place, which it has among the fields of the key.
  const folder = subfolder(context, "stage", "key-lookups");
  const staged = await stageStream({
    engine: context.engine,
    compiled,
    parts,
    folder: subfolder(context, "stage", "keys"),
    onPart: () => context.signal.throwIfAborted(),
    resolveLookup: async (lookup, wanted, again) =>
      (await resolveLookup({ context, compiled, lookup, wanted, folder, again })).table,
  });
  return { staged, sql: foldKey(compiled.key.map(keyField)) };
}

/** The parts of another run, where the engine may read them. */
async function bringParts(
  of: RunContext,
  stream: Stream,
  parts: readonly PartRecord[],
  from: string,
): Promise<PartRecord[]> {
  const brought = parts.map((part) => ({ ...part, path: join(of.folder, relative(from, part.path)) }));
  await linkAll(join(from, "extract", stream.name), subfolder(of, "extract", stream.name));
  await decryptAgain(of, stream, brought);
  for (const { path, sha256, label } of brought) {
    if (existsSync(path) && (await hashFile(path)) === sha256) continue;
    throw usageFailure(`whether rows are older than those of ${label} can't be told: run ${of.run.id} has it no more`, {
      where: { file: join(from, relative(of.folder, path)) },
      why: "a newer row of the same key would be written over",
      next: "a look at what came since, then --retry with --older",
    });
  }
  return brought;
}
