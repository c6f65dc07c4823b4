// What a run left, and what is there now. In: table `landed`. Out: table `undone`, each of its rows with what is to become of
// it. Must hold: a record that another has changed since is left alone: one of which a field that the run wrote holds
// something else; what is already as it was before the run is not written again.

import { type FieldSchema, severalSeparator } from "../../core/model.ts";
import { identifier, literal } from "../../core/sql.ts";
import { foldKey } from "../../diff/keys.ts";
import { foldId } from "../../load/row-key.ts";
import { differs, equalityOf } from "../../values/equality.ts";
import type { WrittenStream } from "../compile/compiled-stream.ts";
import { compareNow, listSeveral, readBothSides, showBoth } from "../load/changed-since.ts";
import type { RunContext } from "../run/context.ts";
import { broughtBackTable, findBroughtBack } from "./brought-back.ts";
import { readKeyed } from "./keyed-records.ts";
import { landedTable } from "./landed-rows.ts";

export const undoneTable = "undone";
/** Why rows are left alone: n, field, message. */
export const leftTable = "undone_left";

/** What of a record is taken back. */
export interface Undoing {
  written: WrittenStream;
  /** Of the plan, those that are written back. */
  fields: readonly FieldSchema[];
  /** The run that is taken back, for messages. */
  run: string;
  /** Records that it made or deleted are left as they are: only fields were asked for. */
  isFieldsOnly: boolean;
}

/**
 * Makes `undone`: n, key, action as it is to be, id, version, before, after, changed, wrote, is_done; and `undone_left`. `wrote`
 * are the fields that the run wrote.
 */
export async function compareUndone(context: RunContext, undoing: Undoing): Promise<void> {
  const { engine } = context;
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${leftTable} AS
    SELECT n, CAST(NULL AS VARCHAR) AS field, doubt AS message FROM ${landedTable} WHERE doubt IS NOT NULL`);
  await engine.run(`CREATE OR REPLACE TEMP TABLE inverted AS ${invert(undoing)}`);
  await compareRecords(context, undoing);
  await compareRemade(context, undoing);
}

/** SELECT of the rows turned round: what the run wrote is what was before, and what it found is what is to be. */
function invert({ fields, isFieldsOnly }: Undoing): string {
  const before: string[] = [];
  const after: string[] = [];
  const present: string[] = [];
  for (const schema of fields) {
    const { name: field, several } = schema;
    const name = identifier(field);
    const [left, found] = several === true ? invertSeveral(schema) : [`l.after.${name}`, `l.before.${name}`];
    const isWritten = `list_contains(l.changed, ${literal(field)})`;
    before.push(`${name} := CASE WHEN l.action <> 'delete' AND ${isWritten} THEN ${left} END`);
    const isBack = `l.action = 'update' AND ${isWritten}`;
    after.push(`${name} := CASE WHEN l.action = 'delete' OR (${isBack}) THEN ${found} END`);
    present.push(`CASE WHEN ${found} IS NOT NULL THEN ${literal(field)} END`);
  }
  const names = `[${fields.map(({ name }) => literal(name)).join(", ")}]`;
  const remade = `list_filter([${present.join(", ")}], lambda one: one IS NOT NULL)`;
  const wrote = `list_filter(l.changed, lambda one: list_contains(${names}, one))`;
  return `SELECT l.n, l.key, CASE l.action WHEN 'update' THEN 'update' WHEN 'delete' THEN 'create' ELSE 'delete' END AS action,
      ${foldId("l.id")} AS id, l.id AS named, struct_pack(${before.join(", ")}) AS before, struct_pack(${after.join(", ")}) AS after,
      CASE l.action WHEN 'update' THEN ${wrote} WHEN 'delete' THEN ${remade} ELSE CAST([] AS VARCHAR[]) END AS changed,
      CASE WHEN l.action = 'delete' THEN CAST([] AS VARCHAR[]) ELSE ${wrote} END AS wrote
    FROM ${landedTable} l WHERE l.doubt IS NULL ${isFieldsOnly ? "AND l.action = 'update'" : ""}`;
}

/**
 * Of a field of several values: those that the run added, marked as what is to be taken away; and those that are to be there
 * again, which are all of a record that it deleted, and those whose place it took.
 */
function invertSeveral({ name: field, one }: FieldSchema): [left: string, found: string] {
  const name = identifier(field);
  const [before, after] = [listSeveral(`l.before.${name}`), listSeveral(`l.after.${name}`)];
  const less = (values: string, others: string) =>
    `array_to_string(list_filter(${values}, lambda value: NOT list_contains(${others}, value)), ${literal(severalSeparator)})`;
  const mark = literal(severalSeparator.repeat(2));
  const isReplaced = one === true ? "true" : `starts_with(l.before.${name}, ${mark})`;
  const found = `CASE WHEN l.action = 'delete' OR ${isReplaced} THEN nullif(${less(before, after)}, '') END`;
  return [`${mark} || nullif(${less(after, before)}, '')`, found];
}

/** Records that are there: those that the run changed or made. */
async function compareRecords(context: RunContext, undoing: Undoing): Promise<void> {
  const { engine } = context;
  const { written, fields, run } = undoing;
  const { stream } = written;
  const touched = "SELECT * FROM inverted WHERE action <> 'create'";
  await readBothSides(context, stream, {
    rows: touched,
    names: `SELECT DISTINCT named AS name FROM (${touched}) WHERE named IS NOT NULL`,
    fields,
    keys: [],
  });
  const done: string[] = [];
  await engine.run(`INSERT INTO ${leftTable} SELECT n, NULL, 'the record is gone' FROM both_sides
    WHERE _is_there_ IS NULL AND action = 'update'`);
  for (const field of fields) {
    const { now, isOther, isDone } = await compareNow(context, stream, field);
    const message = showBoth(context, stream, field, { was: `run ${run} wrote`, now });
    await engine.run(`INSERT INTO ${leftTable} SELECT p.n, ${literal(field.name)}, ${message} FROM both_sides p
      WHERE _is_there_ AND list_contains(p.wrote, ${literal(field.name)}) AND (${isOther}) AND NOT (${isDone})`);
    done.push(`CASE WHEN ${isDone} THEN ${literal(field.name)} END`);
  }
  const open = `list_filter(p.changed, lambda one: NOT list_contains([${done.join(", ")}], one))`;
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${undoneTable} AS
    SELECT n, key, action, named AS id, now_version AS version, before, after, CASE WHEN action = 'update' THEN open ELSE [] END AS changed,
      CASE WHEN action = 'delete' THEN _is_there_ IS NULL ELSE _is_there_ AND len(open) = 0 END AS is_done
    FROM (SELECT p.*, ${done.length === 0 ? "p.changed" : open} AS open FROM both_sides p)`);
  await engine.run("DROP TABLE both_sides");
}

/**
 * Records that the run deleted: they are brought back where they can be, else made anew. One that is there again by its id is
 * done with; one that somebody has made anew is, where it holds what the deleted one held.
 */
async function compareRemade(context: RunContext, undoing: Undoing): Promise<void> {
  const { engine } = context;
  const { written, fields } = undoing;
  const { stream } = written;
  const [any] = await engine.all("SELECT 1 FROM inverted WHERE action = 'create' LIMIT 1");
  if (any === undefined) return;
  const { key: names } = stream.target;
  const key = names.flatMap((name) => fields.find((field) => field.name === name) ?? []);
  const deleted = "SELECT * FROM inverted WHERE action = 'create'";
  await readBothSides(context, stream, {
    rows: deleted,
    names: `SELECT DISTINCT named AS name FROM (${deleted})`,
    fields,
    keys: [],
  });
  await findBroughtBack(
    context,
    stream,
    undoing.run,
    "SELECT DISTINCT named AS name FROM both_sides WHERE _is_there_ IS NULL AND named IS NOT NULL",
  );
  // Rows that were inserted are known as such, and a record that is made here would not be.
  const isKeyed =
    stream.target.mode !== "insert" &&
    key.length === names.length &&
    key.every(({ comparedBy }) => comparedBy === undefined);
  const keys = isKeyed ? await readByKey(context, undoing, key) : undefined;
  if (keys === undefined) {
    const message =
      stream.target.mode === "insert"
        ? "a row is inserted by the job: run it again with the source as it was"
        : `what tells the record apart (${names.join(", ")}) is not in the plan as its own: it can't be made anew`;
    const isLost = `_is_there_ IS NULL AND ${stream.target.mode === "insert" ? "true" : `NOT (${isBroughtBack})`}`;
    await engine.run(`INSERT INTO ${leftTable} SELECT n, NULL, ${literal(message)} FROM both_sides WHERE ${isLost}`);
  } else {
    await engine.run(`INSERT INTO ${leftTable} SELECT n, NULL, 'another record has its key by now: ' || k.id
      FROM both_sides b JOIN ${keys} k USING (n) WHERE b._is_there_ IS NULL AND NOT k.is_same`);
  }
  const same = keys === undefined ? "false" : `n IN (SELECT n FROM ${keys} WHERE is_same)`;
  await engine.run(`INSERT INTO ${undoneTable} SELECT n, key, CASE WHEN ${isBroughtBack} THEN 'undelete' ELSE action END,
    CASE WHEN ${isBroughtBack} THEN named END, CAST(NULL AS VARCHAR), before, after, changed, _is_there_ IS NOT NULL OR ${same} FROM both_sides`);
  await engine.run("DROP TABLE both_sides");
}

/** BOOLEAN over `both_sides`. */
const isBroughtBack = `id IN (SELECT id FROM ${broughtBackTable})`;

/** Table of the deleted rows whose key a record has by now: n, id, is_same. Its name. */
async function readByKey(
  context: RunContext,
  { written, fields }: Undoing,
  key: readonly FieldSchema[],
): Promise<string> {
  const { engine } = context;
  const { stream } = written;
  const wanted = `(SELECT n AS _n_, ${fields.map(({ name }) => `after.${identifier(name)} AS ${identifier(name)}`).join(", ")}
    FROM both_sides WHERE _is_there_ IS NULL)`;
  const plain = fields.filter(({ comparedBy }) => comparedBy === undefined);
  const present = await readKeyed(context, stream, { key, fields: plain, rows: wanted, name: "remade" });
  const isSame = plain.map((field) => {
    const name = identifier(field.name);
    const equality = equalityOf(field, field.name.includes(".") ? field.caseSensitive : true);
    return `NOT (w.${name} IS NOT NULL AND (${differs(equality, `w.${name}`, `p.${name}`)}))`;
  });
  const table = "remade_keys";
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${table} AS
    SELECT w._n_ AS n, any_value(p._id_) AS id, bool_or(${isSame.join(" AND ")}) AS is_same
    FROM (SELECT *, ${foldKey(key)} AS _key_ FROM ${wanted}) w
    JOIN (${present}) p USING (_key_)
    GROUP BY w._n_`);
  return table;
}
