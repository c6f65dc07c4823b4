// Which present records a stream may touch (`target.where`). In: the records that its rows may match. Out: the same, each
// marked; rows that find none that may be touched are left out, for they make no second one. What must hold: a condition
// that can't be computed for a record stops the run before anything is written.

import type { Target } from "../../contract/target.ts";
import { mappedName, renderedName } from "../../core/columns.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { failsOver, withNestedCalls } from "../../core/nested-rows.ts";
import { identifier } from "../../core/sql.ts";
import { keysTable, leaveOutside } from "../../diff/keys.ts";
import { type CompareInput, nameRecords, withinName } from "../../diff/match.ts";
import { followsSource } from "../../job/mode.ts";
import { foldId } from "../../load/row-key.ts";
import { countOf } from "../../report/numbers.ts";
import { type Engine, EngineError } from "../../stage/engine.ts";
import { storedReading } from "../../values/value.ts";
import type { CompiledWhere } from "../compile/target-where.ts";
import { readRecords } from "../run/read-records.ts";
import type { DiffInput } from "./diff-input.ts";
import { snapshotFields } from "./read-present.ts";

type SqlWhere = Extract<CompiledWhere, { kind: "sql" }>;

/** Marks the records, and leaves out the rows of those that may not be touched. */
export async function boundRecords(input: DiffInput, compare: CompareInput): Promise<CompareInput> {
  const { engine, target, compiled } = input;
  const { where } = compiled;
  const { snapshot, adopted } = compare;
  if (where === undefined || snapshot === undefined) return compare;
  const { idColumn, versionColumn } = target.capabilities;
  const columns = [idColumn, versionColumn, ...snapshotFields(input)];
  const within = where.kind === "sql" ? "" : await readWithin(input, where, idsInQuestion(input, compare));
  const mark = (scan: string) =>
    where.kind === "sql"
      ? markBySql(target, where, scan, columns)
      : `(SELECT *, ${foldId(identifier(idColumn))} IN (${within}) AS ${withinName} FROM ${scan})`;
  const marked = { ...snapshot, scan: mark(snapshot.scan) };
  const bounded: CompareInput = {
    ...compare,
    isBounded: true,
    snapshot: marked,
    ...(adopted === undefined ? {} : { adopted: { ...adopted, scan: mark(adopted.scan) } }),
  };
  try {
    await engine.runAll(leaveOutside(nameRecords(bounded, marked)));
  } catch (error) {
    if (where.kind !== "sql" || !(error instanceof EngineError) || !error.isAboutData) throw error;
    await refuseUncomputed(input, where, snapshot.scan, columns);
    throw error;
  }
  return bounded;
}

/** SELECT of the records that a filter is asked about: those that rows find; all, where a mirror may delete any. */
function idsInQuestion({ compiled, reconcile }: DiffInput, compare: CompareInput): string | undefined {
  const isAny = followsSource(compiled.stream.target.mode) || reconcile !== undefined;
  if (isAny || compare.snapshot === undefined) return undefined;
  return `SELECT DISTINCT p._id_ AS id FROM (${nameRecords(compare, compare.snapshot)}) p
    SEMI JOIN ${keysTable} k ON k._key_ = p._target_key_`;
}

export interface WithinInput {
  engine: Engine;
  target: Target;
  compiled: { stream: { name: string; target: { object: string } } };
  snapshotFolder: string;
  signal: AbortSignal;
}

/**
 * SELECT of the ids, folded, of records of which the condition is true as they are at this moment. `named`: SELECT of the
 * ids in question; all records, where it is not given.
 */
export async function readWithin(
  { engine, target, compiled, snapshotFolder, signal }: WithinInput,
  where: CompiledWhere,
  named: string | undefined,
  what = "within",
): Promise<string> {
  const { idColumn, versionColumn } = target.capabilities;
  const names = where.kind === "sql" ? where.fields.map(({ name }) => name) : [];
  const fields = names.filter((name) => name !== idColumn && name !== versionColumn);
  const scan = await readRecords(
    { engine, target },
    {
      object: compiled.stream.target.object,
      fields,
      by: idColumn,
      names: named === undefined ? undefined : `SELECT id AS name FROM (${named})`,
      ...(where.kind === "sql" ? {} : { scope: where.filter }),
      folder: snapshotFolder,
      name: `${compiled.stream.name}-${what}`,
      signal,
    },
  );
  const columns = [idColumn, versionColumn, ...fields];
  const id = foldId(identifier(idColumn));
  if (where.kind === "filter") return `SELECT ${id} FROM ${scan}`;
  return `SELECT ${id} FROM ${markBySql(target, where, scan, columns)} WHERE ${withinName}`;
}

/**
 * A scan with the mark: the condition over the fields' values as rules see them, whatever the scan's columns are called; or
 * that it fails.
 */
function markBySql(
  target: Target,
  { condition, fields }: SqlWhere,
  scan: string,
  columns: readonly string[],
  marks: "true" | "failing" = "true",
): string {
  const kept = (column: string) => identifier(`p:${column}`);
  const rendered = fields.map((field) => ({
    name: field.name,
    ...target.render(field, mappedName(field.name), "VARCHAR", storedReading),
  }));
  const select = (values: readonly string[], from: string) => `SELECT ${["*", ...values].join(", ")} FROM (${from})`;
  const read = [
    ...columns.map((column) => `${identifier(column)} AS ${kept(column)}`),
    ...fields.map(({ name }) => `${identifier(name)} AS ${mappedName(name)}`),
  ];
  const stored = rendered.map(({ name, stored: own, value }) => `${own ?? value} AS ${renderedName(name)}`);
  const typed = rendered.map(({ name, typed: value }) => `${value} AS ${identifier(name)}`);
  const values = select(typed, select(stored, `SELECT ${read.join(", ")} FROM ${scan}`));
  const isFailing = marks === "failing";
  const mark = isFailing ? failsOver(condition) : `coalesce((${condition.sql}\n), false)`;
  const marked = `SELECT *, ${mark} AS ${withinName} FROM ${withNestedCalls(`(${values})`, [condition], isFailing)}`;
  const own = columns.map((column) => `${kept(column)} AS ${identifier(column)}`);
  return `(SELECT ${[...own, withinName].join(", ")} FROM (${marked}))`;
}

const shownMax = 5;

/** Throws a Failure (1) that names the records for which a condition fails. */
async function refuseUncomputed(
  { engine, target, compiled }: DiffInput,
  where: SqlWhere,
  scan: string,
  columns: readonly string[],
): Promise<void> {
  const id = identifier(target.capabilities.idColumn);
  const failing = markBySql(target, where, scan, columns, "failing");
  const found = await engine.all(
    `SELECT ${id} AS id, count(*) OVER () AS records FROM ${failing} WHERE ${withinName} ORDER BY 1 LIMIT ${shownMax}`,
  );
  if (found.length === 0) return;
  const records = Number(found[0]?.["records"]);
  const ids = found.map(({ id: one }) => String(one)).join(", ");
  const { where: written } = compiled.stream.target;
  throw new Failure(
    exitCode.failed,
    `target.where can't be computed for ${countOf(records, "record")}: ${ids}${records > found.length ? ", …" : ""}`,
    {
      ...(written === undefined ? {} : { where: written.place }),
      why: `a value of ${where.fields.map(({ name }) => name).join(", ")} is not what the expression takes`,
      next: "guard the expression by TRY_CAST or CASE; nothing was written",
    },
  );
}
