// What the target holds at this moment of the records that a batch is about. In: a batch, and what to read. Out: table
// functions over the answer. What must hold: records are asked for by name where they can be; all are read once a step.

import type { BatchRecord } from "../../checkpoint/ledger.ts";
import type { SnapshotRequest } from "../../contract/present.ts";
import { identifier } from "../../core/sql.ts";
import { headerOf } from "../../formats/csv-header.ts";
import type { Stream } from "../../job/job.ts";
import { versionsOf } from "../../job/mode.ts";
import { foldId, keyOfFields } from "../../load/row-key.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import { findNaming } from "../diff/naming-field.ts";
import { type RunContext, subfolder, targetOf } from "../run/context.ts";
import { readRecords } from "../run/read-records.ts";
import { resolveFields } from "./known-fields.ts";
import { numbered } from "./part-of-batch.ts";

/** The rows of a batch's file, with their number `_n_`. */
export function batchRows({ path }: BatchRecord): string {
  return numbered(scanCsvFiles([path], headerOf(path)));
}

/**
 * BOOLEAN SQL over the rows of a batch: the target has a record with the row's key by now. Undefined where a record does
 * not show its key itself, or where only reading all records would tell and just those are wanted that can be `named`.
 * `scans` keeps all records of a stream for its other batches.
 */
export async function findPresentKeys(
  context: RunContext,
  stream: Stream,
  batch: BatchRecord,
  { reads, scans }: { reads: "named" | "all"; scans: Map<string, string> },
): Promise<string | undefined> {
  const target = targetOf(context, stream.target.connection);
  const resolved = await resolveFields(target, stream, stream.target.key);
  const fields = resolved.map((field) => ({ ...field, isKey: true as const }));
  if (fields.some(({ comparedBy }) => comparedBy !== undefined)) return undefined;
  const isFew = batch.rows <= target.capabilities.namedKeysMax;
  const by = isFew ? (await findNaming(context.engine, target, fields, batchRows(batch)))?.field : undefined;
  const isNamed = by !== undefined;
  if (!isNamed && reads === "named") return undefined;
  const names = fields.map(({ name }) => name).filter((name) => name !== target.capabilities.idColumn);
  const key = by === undefined ? names : [by.name, ...names.filter((name) => name !== by.name)];
  const read = { what: "keys", fields: names, key, ...(isNamed ? { by: by.name } : {}) };
  const present = (isNamed ? undefined : scans.get(stream.name)) ?? (await readPresent(context, stream, batch, read));
  if (!isNamed) scans.set(stream.name, present);
  const ofKey = keyOfFields(target, fields).of();
  const isTaken = `${ofKey} IN (SELECT ${ofKey} FROM ${present})`;
  if (batch.action !== "undelete") return isTaken;
  // One that came back with its parent has its own key.
  const id = foldId(identifier(target.capabilities.idColumn));
  return `${isTaken} AND ${id} NOT IN (SELECT ${id} FROM ${present})`;
}

/** By one field, as a key: how rows of the batch have it, and a SELECT of those that records have by now. `where`: of which rows. */
export async function readKeyNow(
  context: RunContext,
  stream: Stream,
  batch: BatchRecord,
  { key, where }: { key: string } & Pick<PresentRequest, "where">,
): Promise<{ ofKey: string; keys: string }> {
  const target = targetOf(context, stream.target.connection);
  const only = where === undefined ? {} : { where };
  const present = await readPresent(context, stream, batch, {
    what: "made",
    fields: [key],
    key: [key],
    by: key,
    ...only,
  });
  const ofKey = keyOfFields(target, await resolveFields(target, stream, [key])).of();
  return { ofKey, keys: `SELECT ${ofKey} FROM ${present}` };
}

export interface PresentRequest extends Pick<SnapshotRequest, "fields" | "key" | "scope"> {
  /** What the files are named by. */
  what: string;
  /** The batch's column that names the records to read. */
  by?: string;
  /** BOOLEAN SQL: of which rows; of all if not given. */
  where?: string;
}

/** What the target holds now: a table function with id, version and the fields. */
export async function readPresent(
  context: RunContext,
  stream: Stream,
  batch: BatchRecord,
  { by, what, where = "true", ...request }: PresentRequest,
): Promise<string> {
  const { engine, signal } = context;
  return readRecords(
    { engine, target: targetOf(context, stream.target.connection) },
    {
      ...request,
      object: stream.target.object,
      ...versionsOf(stream.target),
      by: by ?? "",
      names:
        by === undefined
          ? undefined
          : `SELECT DISTINCT ${identifier(by)} AS name FROM ${batchRows(batch)} WHERE ${where}`,
      folder: subfolder(context, "snapshot"),
      name: `${stream.name}-${batch.number}-${what}`,
      signal,
    },
  );
}
