// Records that changed in the target since the plan saw them. In: batches of updates and deletes of which nothing was sent,
// the plan's values. Out: a table of the records that are not what the plan compared with, field by field. What must hold:
// a value that another has written is not written over unseen; what already is as the plan wants it is no conflict; a
// record that is gone, or has got another key, is no record of the row any more, whatever `--on-conflict` says.

import type { BatchRecord, RunOptions } from "../../checkpoint/ledger.ts";
import type { Target } from "../../contract/target.ts";
import { type Action, type FieldSchema, severalSeparator } from "../../core/model.ts";
import { identifier, literal } from "../../core/sql.ts";
import { type Policy, redactedFields, type Stream } from "../../job/job.ts";
import { versionsOf } from "../../job/mode.ts";
import { foldId, keyOfFields } from "../../load/row-key.ts";
import { readParquet } from "../../stage/parquet.ts";
import { differs, equalityOf, foldCase } from "../../values/equality.ts";
import { storedReading } from "../../values/value.ts";
import { nameParents } from "../compile/parents.ts";
import { type RunContext, subfolder, targetOf } from "../run/context.ts";
import { readRecords } from "../run/read-records.ts";
import { unanswered } from "./answered-rows.ts";
import { resolveFields } from "./known-fields.ts";
import { batchRows } from "./present-now.ts";

export interface ChangedSince {
  /** Table of the records: id, folded; field; message; whether it is_there. */
  table: string;
}

const changedTable = "changed_since";

/** Whether an action is about a record that is there. */
export function isOfPresent(action: Action): boolean {
  return action === "update" || action === "delete";
}

/** Reads the records of the batches once more, and says which are not as the plan saw them. Undefined where none is read. */
export async function findChangedSince(
  context: RunContext,
  stream: Stream,
  batches: readonly BatchRecord[],
): Promise<ChangedSince | undefined> {
  const { engine, ledger, run } = context;
  const { plan } = ledger.streams(run.id).find(({ name }) => name === stream.name) ?? {};
  const written = batches.filter(({ action, again }) => isOfPresent(action) && !again);
  if (written.length === 0 || plan === undefined || plan === null) return undefined;
  const target = targetOf(context, stream.target.connection);
  const { idColumn } = target.capabilities;
  const rows = written
    .map((batch) => `SELECT ${identifier(idColumn)} FROM ${batchRows(batch)} WHERE ${unanswered(context, batch)}`)
    .join(" UNION ALL ");
  await engine.run(`CREATE OR REPLACE TEMP TABLE looked_at AS SELECT DISTINCT ${identifier(idColumn)} AS name,
    ${foldId(identifier(idColumn))} AS id FROM (${rows})`);
  const named = nameParents(context.job, stream, await target.describe(stream.target.object));
  const planned = named.fields.filter(({ own }) => own !== false).map((field) => field.target);
  const ownless = named.target.key.filter((name) => !planned.includes(name));
  const isRead = (name: string) => name !== idColumn;
  const fields = await resolveFields(target, stream, planned.filter(isRead));
  const keys = await resolveFields(target, stream, ownless.length === 0 ? [] : named.target.key.filter(isRead));
  const rowsOfPlan = `SELECT ${foldId("id")} AS id, key, action, version, changed, before, after FROM ${readParquet(plan)}
    WHERE action IN ('update', 'delete') AND ${foldId("id")} IN (SELECT id FROM looked_at)`;
  await readBothSides(context, named, { rows: rowsOfPlan, names: "SELECT name FROM looked_at", fields, keys });
  const overwrites = run.options.onConflict === "overwrite";
  const told = [
    "SELECT p.id, CAST(NULL AS VARCHAR) AS field, 'the record is gone' AS message, false AS is_there FROM both_sides p WHERE _is_there_ IS NULL",
  ];
  // A delete takes all of a record along, whatever of it is mapped.
  if (!overwrites)
    told.push(`SELECT p.id, CAST(NULL AS VARCHAR) AS field, 'the record was changed' AS message, true AS is_there FROM both_sides p
      WHERE _is_there_ AND p.action = 'delete' AND p.now_version IS DISTINCT FROM p.version`);
  if (keys.length > 0)
    told.push(`SELECT p.id, ${literal(ownless.join(", "))} AS field, 'the record has got another key' AS message, true AS is_there FROM both_sides p
      WHERE _is_there_ AND p.key IS DISTINCT FROM p.now_key`);
  told.push(...(await tellFields(context, named, fields, (field) => mindedIf(run.options, named, field))));
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${changedTable} AS ${told.join(" UNION ALL ")}`);
  await engine.run("DROP TABLE both_sides");
  return { table: changedTable };
}

/**
 * SELECTs of the records whose fields are neither as they were nor as they are to be: id, field, message, is_there. `minded`:
 * BOOLEAN SQL over `both_sides`, of which records that counts; undefined where it never does.
 */
export async function tellFields(
  context: RunContext,
  stream: Stream,
  fields: readonly FieldSchema[],
  minded: (field: FieldSchema) => string | undefined,
): Promise<string[]> {
  const told: string[] = [];
  for (const field of fields) {
    const isMinded = minded(field);
    if (isMinded !== undefined) told.push(await tellField(context, stream, field, isMinded));
  }
  return told;
}

interface Sides {
  /** SELECT of rows with the folded `id` of their record, or its key, and what it was to hold: `before` and `after`. */
  rows: string;
  /** SELECT of the ids, or keys, as `name`, each once. */
  names: string;
  /** The key, where records are not known by their ids. */
  by?: FieldSchema;
  fields: readonly FieldSchema[];
  /** Fields of a key that is not in the plan's values. */
  keys: readonly FieldSchema[];
}

/**
 * Makes `both_sides`: the rows with what their records hold now: `_is_there_`, `now_version`, `now_key` where keys are read,
 * and a column for each field, for `compareNow`.
 */
export async function readBothSides(
  context: RunContext,
  stream: Stream,
  { rows, names, by, fields, keys }: Sides,
): Promise<void> {
  const { engine } = context;
  const target = targetOf(context, stream.target.connection);
  const { idColumn, versionColumn } = target.capabilities;
  const present = await readRecords(
    { engine, target },
    {
      object: stream.target.object,
      ...versionsOf(stream.target),
      fields: [...new Set([...fields.map(columnOf), ...[...keys, ...(by ? [by] : [])].map(({ name }) => name)])],
      // What an association has replaced is told with all that the record has.
      whole: stream.fields.filter(({ replaces }) => replaces !== undefined).map((field) => field.target),
      by: by?.name ?? idColumn,
      names,
      folder: subfolder(context, "snapshot"),
      name: `${stream.name}-since`,
      signal: context.signal,
    },
  );
  const columns = fields.map((field) => {
    const { stored, value } = target.render(field, identifier(columnOf(field)), "VARCHAR", storedReading);
    return `${field.comparedBy === undefined ? (stored ?? value) : identifier(columnOf(field))} AS ${identifier(`n:${field.name}`)}`;
  });
  if (keys.length > 0) columns.push(`${keyOfFields(target, keys).of()} AS now_key`);
  const id = by === undefined ? foldId(identifier(idColumn)) : keyOfFields(target, [by]).of();
  const now = `SELECT ${id} AS id, ${["true AS _is_there_", `${identifier(versionColumn)} AS now_version`, ...columns].join(", ")}
    FROM ${present}`;
  await engine.run(`CREATE OR REPLACE TEMP TABLE both_sides AS
    SELECT p.*, n.* EXCLUDE (id) FROM (${rows}) p LEFT JOIN (${now}) n ON n.id = p.id`);
}

function columnOf({ name, comparedBy }: FieldSchema): string {
  return comparedBy ?? name;
}

/** BOOLEAN SQL: another's change of a field is minded; undefined where it never is. */
function mindedIf(
  { onConflict, strict }: RunOptions,
  { target, fields }: Stream,
  { name }: FieldSchema,
): string | undefined {
  // A rollback goes by ids, and knows of the fields that its run wrote.
  if (target.undoes === true)
    return `(list_contains(p.changed, ${literal(name)}) OR (p.action = 'delete' AND p.before.${identifier(name)} IS NOT NULL))`;
  if (target.key.includes(name)) return "true";
  const isWritten = `list_contains(p.changed, ${literal(name)})`;
  // What a policy keeps from being written is kept in any case.
  if (onConflict === "overwrite") return policyOf(fields, name) === "overwrite" ? undefined : isWritten;
  // A version may be too coarse to tell a record that is to go from what it was.
  return strict === true ? "true" : `(p.action = 'delete' OR ${isWritten})`;
}

function policyOf(fields: Stream["fields"], name: string): Policy | undefined {
  return fields.find(({ target }) => target === name)?.policy;
}

/** SELECT of the records whose field is neither as it was nor as it is to be: id, field, message, is_there. */
async function tellField(context: RunContext, stream: Stream, field: FieldSchema, isMinded: string): Promise<string> {
  const { now, isOther, isDone } = await compareNow(context, stream, field);
  const values = showBoth(context, stream, field, { was: "the plan saw", now });
  const message =
    policyOf(stream.fields, field.name) === "fill_empty" ? "'the field was filled since the plan'" : values;
  return `SELECT p.id, ${literal(field.name)} AS field, ${message} AS message, true AS is_there FROM both_sides p
    WHERE _is_there_ AND ${isMinded} AND (${isOther}) AND NOT (${isDone})`;
}

/** SQL over a row `p` of `both_sides`, of one field. */
export interface FieldNow {
  /** As the record shows it. */
  now: string;
  /** BOOLEAN: the record does not hold `before`. */
  isOther: string;
  /** BOOLEAN: the field is to be written, and the record holds already what it is to be. */
  isDone: string;
}

export async function compareNow(context: RunContext, stream: Stream, field: FieldSchema): Promise<FieldNow> {
  const target = targetOf(context, stream.target.connection);
  const isKey = stream.target.key.includes(field.name);
  const equality = equalityOf(field, field.name.includes(".") || isKey ? field.caseSensitive : true);
  const now = `p.${identifier(`n:${field.name}`)}`;
  const [before, after] = await readPlanned(context, target, field);
  const isWritten = `list_contains(p.changed, ${literal(field.name)})`;
  if (field.several === true && stream.target.undoes === true) {
    // What the run had added is taken away, and what it had taken away is added, whatever else there is. What took the place of
    // others is changed where it is not there any more.
    const [own, gone, back] = [now, before, after].map((sql) => listSeveral(foldCase(equality, sql)));
    const isGone = `NOT list_has_any(${own}, ${gone})`;
    const isDone = `list_has_all(${own}, ${back}) AND ${isGone}`;
    return {
      now,
      isOther: `len(${gone}) > 0 AND len(${back}) > 0 AND ${isGone}`,
      isDone: `${isWritten} AND ${isDone}`,
    };
  }
  const isOther = field.several === true ? differsSet(before, now) : differs(equality, before, now);
  const replaces = stream.fields.some(({ target, replaces }) => target === field.name && replaces !== undefined);
  const isAsWanted =
    field.several === true
      ? replaces
        ? `NOT (${differsSet(after, now)})`
        : `list_contains(${listSeveral(foldCase(equality, now))}, ${foldCase(equality, after)})`
      : `NOT (${differs(equality, after, now)})`;
  return { now, isOther, isDone: `${isWritten} AND ${isAsWanted}` };
}

/** VARCHAR SQL: the field, what it was, and what it is now; of one that is never shown only that it changed. */
export function showBoth(
  { job }: Pick<RunContext, "job">,
  stream: Stream,
  { name }: FieldSchema,
  { was, now }: { was: string } & Pick<FieldNow, "now">,
): string {
  const shown = (sql: string) => `coalesce('"' || ${sql} || '"', 'nothing')`;
  const values = redactedFields(job, stream).has(name.toLowerCase())
    ? "'changed'"
    : `${literal(`${was} `)} || ${shown(`p.before.${identifier(name)}`)} || ', now ' || ${shown(now)}`;
  return `${literal(`${name}: `)} || ${values}`;
}

/** Values of a record that has several of a kind come in any order. */
function differsSet(before: string, now: string): string {
  return `list_sort(${listSeveral(before)}) IS DISTINCT FROM list_sort(${listSeveral(now)})`;
}

/** VARCHAR[] SQL of the values that a record has of a field, with or without the mark before them. */
export function listSeveral(sql: string): string {
  return `list_filter(string_split(coalesce(${sql}, ''), ${literal(severalSeparator)}), lambda one: one <> '')`;
}

/** SQL of a field's value before and after, as the record shows it now: a parent that is named by its key shows its id. */
async function readPlanned(context: RunContext, target: Target, field: FieldSchema): Promise<[string, string]> {
  const name = identifier(field.name);
  const { comparedBy, lookup } = field;
  if (comparedBy === undefined || lookup === undefined) return [`p.before.${name}`, `p.after.${name}`];
  const { engine, signal } = context;
  const table = identifier(`named:${field.name}`);
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${table} AS SELECT DISTINCT unnest([p.before.${name}, p.after.${name}]) AS name
    FROM both_sides p`);
  const { idColumn } = target.capabilities;
  const scan = await readRecords(
    { engine, target },
    {
      object: lookup.object,
      fields: lookup.key === idColumn ? [] : [lookup.key],
      by: lookup.key,
      names: `SELECT name FROM ${table} WHERE name IS NOT NULL`,
      folder: subfolder(context, "snapshot"),
      name: `since-${field.name.replaceAll(/\W/g, "_")}`,
      signal,
    },
  );
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${identifier(`ids:${field.name}`)} AS
    SELECT lower(${identifier(lookup.key)}) AS name, any_value(${identifier(idColumn)}) AS id FROM ${scan} GROUP BY 1`);
  const idOf = (sql: string) =>
    `coalesce((SELECT i.id FROM ${identifier(`ids:${field.name}`)} i WHERE i.name = lower(${sql})), ${sql})`;
  return [idOf(`p.before.${name}`), idOf(`p.after.${name}`)];
}
