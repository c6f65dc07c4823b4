// Which source rows were inserted into an object, so that none is inserted twice: what the target would not notice, for
// mode insert needs no key that is unique there. In: files beside the ledger with an identity for each row that a run was
// about to create, 16 bytes of it, and the batch that it goes into (batches/planned-inserts.ts, settle/settled-inserts.ts).
// Out: the rows of this run that are there already. What must hold: a file that is gone or damaged stops the run.

import { existsSync, linkSync, rmSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { InsertedRecord } from "../../checkpoint/ledger.ts";
import { countOf } from "../../core/counted.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { hashFile } from "../../core/files.ts";
import { identifier, literal } from "../../core/sql.ts";
import { groupedTable } from "../../diff/keys.ts";
import type { Stream } from "../../job/job.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { type RunContext, subfolder, targetOf } from "../run/context.ts";
import { keptFolder } from "../run/kept-file.ts";
import { hasBegunLoading, isResumable } from "../run/resumable.ts";
import { identityColumn } from "../stage/row-identity.ts";

/** What earlier runs have inserted, where the engine may read it. */
export interface KnownInserts {
  /** A table function: identity, doubt. */
  scan: string;
}

/** Undefined where there is nothing, or where `--again` says that it does not count. */
export async function fetchInserted(context: RunContext, compiled: CompiledStream): Promise<KnownInserts | undefined> {
  const { ledger, run } = context;
  if (compiled.stream.target.mode !== "insert" || run.options.again === true) return undefined;
  const known = ledger.inserted(orgOf(context, compiled.stream), compiled.schema.object);
  const others = known.filter((one) => one.run !== run.id && isSent(context, one));
  const scans: string[] = [];
  for (const inserted of others) {
    const path = await linkInserted(context, inserted);
    if (inserted.settled === null) await refuseUnfinished(context, compiled, inserted, path);
    scans.push(literal(path));
  }
  return scans.length === 0 ? undefined : { scan: `read_parquet([${scans.join(", ")}])` };
}

/** A run that has sent nothing has inserted nothing. */
function isSent({ ledger }: RunContext, { run, settled }: InsertedRecord): boolean {
  return settled !== null || hasBegunLoading(ledger, { id: run });
}

/** The file in the run folder, which is all that the engine may read. It goes with the stage. */
export async function linkInserted(
  context: RunContext,
  { file, sha256, run, stream }: InsertedRecord,
): Promise<string> {
  const kept = join(keptFolder(context, "inserted"), file);
  const why = !existsSync(kept) ? "is not there" : (await hashFile(kept)) === sha256 ? undefined : "is damaged";
  if (why !== undefined) {
    throw new Failure(exitCode.failed, `what run ${run} has inserted can't be told: its file ${why}`, {
      where: { file: kept },
      why: `it says which rows of stream ${stream} are there already; without it they could be inserted twice`,
      next: "restore the file from a backup, or insert with --again after a look at what is there",
    });
  }
  const path = join(subfolder(context, "stage"), `inserted-${file}`);
  rmSync(path, { force: true });
  try {
    linkSync(kept, path);
  } catch {
    // Not every file system has links.
    await copyFile(kept, path);
  }
  return path;
}

/** Rows that an unfinished run has sent, or will send, are its own. */
async function refuseUnfinished(
  { engine, ledger }: RunContext,
  { stream, schema }: CompiledStream,
  { run }: InsertedRecord,
  path: string,
): Promise<void> {
  const { rows } = await engine.one(
    `SELECT count(*) AS rows FROM read_parquet(${literal(path)}) m JOIN (SELECT ${identityColumn} FROM ${stageOfRun}) s
     ON m.identity = s.${identityColumn}`,
  );
  if (Number(rows) === 0) return;
  const record = ledger.run(run);
  const resumable = record !== undefined && isResumable(ledger, record);
  throw new Failure(
    exitCode.guard,
    `another run is inserting ${countOf(Number(rows), "row")} of stream ${stream.name} into ${schema.object}`,
    {
      why: `run ${run}${record === undefined ? "" : ` of job ${record.job}`} has not come to its end`,
      next: resumable ? `loadline resume ${run}` : `loadline show ${run}`,
    },
  );
}

export const stageOfRun = "stage";

/**
 * SELECT of the rows (`_row_`) that are there already. The memory is read past the rows of this run, not held. `grouped`:
 * a record is there where any of the rows that `dedupe` finds to be it was inserted.
 */
export function selectKnown({ scan }: KnownInserts, stage: string, keys: string, grouped: boolean): string {
  const rows = grouped
    ? `SELECT coalesce(_winner_, _row_) AS _row_, ${identityColumn} FROM ${identifier(stage)} LEFT JOIN ${groupedTable} USING (_row_)`
    : `SELECT _row_, ${identityColumn} FROM ${identifier(stage)}`;
  return `SELECT DISTINCT s._row_ AS _row_ FROM ${scan} m JOIN (SELECT _row_, ${identityColumn} FROM (${rows})
    SEMI JOIN ${keys} USING (_row_)) s ON m.identity = s.${identityColumn}`;
}

/** How many of the rows that are left out were never inserted themselves, but another row of their record. */
export async function countByOthers({ engine }: RunContext, { scan }: KnownInserts): Promise<number> {
  const known = `SELECT s._row_ FROM ${scan} m JOIN ${stageOfRun} s ON m.identity = s.${identityColumn}`;
  const { rows } = await engine.one(
    `SELECT count(DISTINCT _winner_) AS rows FROM ${groupedTable} WHERE _row_ IN (${known}) AND _winner_ NOT IN (${known})`,
  );
  return Number(rows);
}

/** How many of the rows that are left out nobody knows of whether they are there. */
export async function countDoubtful({ engine }: RunContext, { scan }: KnownInserts): Promise<number> {
  const { rows } = await engine.one(
    `SELECT count(DISTINCT s._row_) AS rows FROM (SELECT identity FROM ${scan} WHERE doubt) m
     JOIN (SELECT _row_, ${identityColumn} FROM ${stageOfRun}) s ON m.identity = s.${identityColumn}`,
  );
  return Number(rows);
}

export function orgOf(context: RunContext, stream: Stream): string {
  return targetOf(context, stream.target.connection).orgId;
}
