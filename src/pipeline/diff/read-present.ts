// The target's present values. In: a staged stream. Out: a scan of the records that its rows may match. Must hold: only
// what the rows name is read where that is cheaper; a record that goes by another name is found too.

import type { Snapshot, SnapshotRequest, Untold } from "../../contract/present.ts";
import { sizeOf } from "../../core/files.ts";
import { identifier } from "../../core/sql.ts";
import { keysTable } from "../../diff/keys.ts";
import { type CompareInput, findUnmatched, orphansTable } from "../../diff/match.ts";
import type { Stream } from "../../job/job.ts";
import { followsSource, versionsOf } from "../../job/mode.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import { type CompiledStream, matchingFields } from "../compile/compiled-stream.ts";
import { nameByAliases } from "./aliases.ts";
import {
  type DiffInput,
  type FoundKept,
  fieldByName,
  isKeyHidden,
  keyField,
  type PresentRecords,
} from "./diff-input.ts";
import { findNaming } from "./naming-field.ts";

export async function readPresent(input: DiffInput): Promise<PresentRecords | undefined> {
  const { mode } = input.compiled.stream.target;
  const readsNothing = mode === "insert" || mode === "replace" || mode === "delta";
  if (readsNothing && input.reconcile === undefined) return input.delivered;
  const { request: asked, oneOfSeveral, keyBytes } = await requestSnapshot(input);
  const request = (await input.kept?.widen(asked)) ?? asked;
  const found = (await input.kept?.find(request, keyBytes)) ?? {};
  if (found.present !== undefined) return found.present;
  const begun = await input.kept?.readClock();
  let fields: string[] | Untold | undefined;
  const onAll = async () => {
    fields = await input.kept?.identify(request);
  };
  const snapshot = await input.target.snapshot({ ...asChosen(request, found), onAll });
  const kept = await keep(input, request, snapshot, { begun, fields });
  const how = [
    oneOfSeveral === undefined ? snapshot.how : `${snapshot.how} (the key's ${oneOfSeveral})`,
    ...(found.why === undefined ? [] : [`not as kept: ${found.why}`]),
    ...(kept === undefined || "scan" in kept ? [] : [`not kept: ${kept.why}`]),
  ].join(", ");
  const isNamed = request.keys !== undefined && found.way !== "all";
  const isAll = snapshot.isAll === true || !isNamed;
  const told = { how: isAll ? ("all" as const) : ("named" as const), ...(begun === undefined ? {} : { asOf: begun }) };
  if (kept !== undefined && "scan" in kept)
    return { scan: await nameScan(input, kept.scan, snapshot.aliases), how, isNamed, told };
  return { scan: await scanSnapshot(input, snapshot, request), how, isNamed, told };
}

async function keep(
  { kept }: DiffInput,
  request: SnapshotRequest,
  snapshot: Snapshot,
  { begun, fields }: { begun: string | undefined; fields: string[] | Untold | undefined },
): Promise<{ scan: string } | Untold | undefined> {
  if (snapshot.isAll !== true || kept === undefined || begun === undefined || fields === undefined) return undefined;
  return "why" in fields ? fields : kept.keep(request, snapshot, { asOf: begun, fields });
}

/** Records as a snapshot tells them, by the names that rows call them by. */
export async function scanSnapshot(
  input: DiffInput,
  { files, aliases }: Snapshot,
  { fields }: Pick<SnapshotRequest, "fields">,
): Promise<string> {
  const { idColumn, versionColumn } = input.target.capabilities;
  await input.engine.prepareFor(sizeOf(files));
  return nameScan(input, scanCsvFiles(files, [idColumn, versionColumn, ...fields]), aliases);
}

export function snapshotColumns(input: DiffInput): string[] {
  const { idColumn, versionColumn } = input.target.capabilities;
  return [idColumn, versionColumn, ...snapshotFields(input)];
}

/** `aliases`: files of the same records by their other names. */
export async function nameScan(input: DiffInput, scan: string, aliases: Snapshot["aliases"]): Promise<string> {
  if (aliases === undefined) return scan;
  const { engine, staged, compiled, target } = input;
  const { idColumn } = target.capabilities;
  const key = compiled.key.map(keyField);
  const named = { engine, stage: staged.view, key, idColumn, scan, isKeyHidden: isKeyHidden(compiled) };
  return nameByAliases({ ...named, aliases: scanCsvFiles(aliases, snapshotColumns(input)) });
}

/** Keys are named where that was found to be the cheapest, and not where reading all is. */
function asChosen({ keys, ...request }: SnapshotRequest, { way, mayKeep }: FoundKept): SnapshotRequest {
  if (keys === undefined || way === "all") return request;
  const kept = mayKeep === undefined ? {} : { mayKeep };
  return { ...request, ...kept, keys: way === "named" ? { ...keys, isChosen: true } : keys };
}

interface AskedSnapshot {
  request: SnapshotRequest;
  /** The field of a key of several by which records are asked for. */
  oneOfSeveral: string | undefined;
  keyBytes(): Promise<number>;
}

export async function requestSnapshot(input: DiffInput): Promise<AskedSnapshot> {
  const { engine, target, compiled, staged } = input;
  const { object } = compiled.stream.target;
  const rows =
    compiled.key.length === 1 ? keysTable : `(SELECT * FROM ${staged.view} SEMI JOIN ${keysTable} USING (_row_))`;
  const naming = readsAll(input) ? undefined : await findNaming(engine, target, compiled.key, rows);
  const by = naming?.field;
  const values = `SELECT DISTINCT ${identifier(by?.name ?? "")} AS key FROM ${staged.view} SEMI JOIN ${keysTable} USING (_row_)`;
  const others = compiled.key.filter((field) => field !== by).map(({ name }) => readField(compiled, name));
  const request: SnapshotRequest = {
    object,
    ...versionsOf(compiled.stream.target),
    fields: snapshotFields(input),
    whole: replacedFields(input.compiled),
    key: by === undefined ? others : [by.name, ...others],
    ...(naming === undefined
      ? {}
      : { keys: { count: naming.values, read: () => engine.texts(`${values} ORDER BY 1`, "key") } }),
    folder: input.snapshotFolder,
    name: compiled.stream.name,
    signal: input.signal,
    onProgress: input.onSnapshot,
  };
  const oneOfSeveral = by !== undefined && compiled.key.length > 1 ? by.name : undefined;
  const keyBytes = async () =>
    Number(
      (await engine.one(`SELECT coalesce(sum(strlen(CAST(key AS VARCHAR))), 0) AS bytes FROM (${values})`))["bytes"],
    );
  return { request, oneOfSeveral, keyBytes };
}

/**
 * What the source lacks is known by all records only; an incremental one lacks what has not changed. Of a sample it is not
 * worth so many calls.
 */
function readsAll({ reconcile, compiled }: DiffInput): boolean {
  if (reconcile !== undefined) return reconcile.sample === undefined;
  const { target, source }: Stream = compiled.stream;
  return followsSource(target.mode) && !(source.kind === "object" && source.incremental !== undefined);
}

/** Looks for records that have no key yet under another field that names them, where the job says so. */
export async function adoptRecords(input: DiffInput, compare: CompareInput): Promise<CompareInput> {
  const { engine, target, compiled } = input;
  const { adoptBy, object } = compiled.stream.target;
  if (adoptBy === undefined) return compare;
  const by = fieldByName(compiled, adoptBy);
  await engine.run(findUnmatched(compare, by));
  const { count } = await engine.one(`SELECT count(*) AS count FROM ${orphansTable}`);
  if (Number(count) === 0) return compare;
  const named = Number(count) <= target.capabilities.namedKeysMax;
  const wanted = `SELECT _by_ FROM ${orphansTable} ORDER BY 1`;
  const found = await target.snapshot({
    object,
    ...versionsOf(compiled.stream.target),
    fields: snapshotFields(input),
    whole: replacedFields(input.compiled),
    key: [adoptBy],
    ...(named ? { keys: { count: Number(count), read: () => engine.texts(wanted, "_by_") } } : {}),
    folder: input.snapshotFolder,
    name: `${compiled.stream.name}-adopted`,
    signal: input.signal,
    onProgress: input.onSnapshot,
  });
  // Under another name that finds it, a record is the same.
  const files = [...found.files, ...(found.aliases ?? [])];
  return { ...compare, adopted: { scan: scanCsvFiles(files, snapshotColumns(input)), by } };
}

/** What is read of the target's records: the mapped fields and those of target.where, less the id, which every snapshot has. */
export function snapshotFields({ compiled, target }: Pick<DiffInput, "compiled" | "target">): string[] {
  const { idColumn, versionColumn } = target.capabilities;
  const names = [...compiled.planned, ...matchingFields(compiled)].map(({ field }) =>
    readField(compiled, field.target),
  );
  const judged = compiled.where?.kind === "sql" ? compiled.where.fields.map(({ name }) => name) : [];
  const read = [...names, ...judged.filter((name) => name !== versionColumn)];
  return [...new Set(read)].filter((name) => name !== idColumn);
}

/** Associations that are replaced: all that a record has is wanted. */
function replacedFields({ fields }: CompiledStream): string[] {
  return fields.filter(({ field }) => field.replaces !== undefined).map(({ field }) => field.target);
}

export function readField({ fieldSchemas }: CompiledStream, name: string): string {
  return fieldSchemas.get(name)?.comparedBy ?? name;
}
