// Records that a row names by their key: its parents, owners, what it is associated with. In: the staged rows, the plans
// of the streams before. Out: the rows whose record is not there, or is several, left behind with the key as the file
// has it; and the ids of those that are there, where a record shows no more of its parent than the id.
// What must hold: every key is looked up once, many in a call; what this run itself creates counts as there.

import type { Target } from "../../contract/target.ts";
import type { FieldSchema } from "../../core/model.ts";
import { problemPart, problemStart } from "../../core/problem.ts";
import { identifier, literal } from "../../core/sql.ts";
import {
  foldKey,
  isRejected,
  keysTable,
  laterTable,
  leftBehindTable,
  rejectedTable,
  waitingTable,
} from "../../diff/keys.ts";
import type { Job, MappedField, Stream } from "../../job/job.ts";
import { newRecordMark } from "../../job/lookup.ts";
import { makesAndChanges } from "../../job/mode.ts";
import type { Engine } from "../../stage/engine.ts";
import { readParquet } from "../../stage/parquet.ts";
import { storedReading } from "../../values/value.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { readRecords } from "../run/read-records.ts";
import { leaveLostParents } from "./lost-parents.ts";

export interface LookupInput {
  engine: Engine;
  job: Job;
  target: Target;
  compiled: CompiledStream;
  stage: string;
  /** Plans of the streams before this one, by name. */
  plans: ReadonlyMap<string, string>;
  /** SELECT of key and why of the rows of a stream before that are not loaded. */
  leftOut(stream: string): string | undefined;
  /** Streams that this run plans after this one. */
  coming: ReadonlySet<string>;
  /** Whether two connections lead to one org. */
  isOneOrg(left: string, right: string): boolean;
  folder: string;
  signal: AbortSignal;
}

/** A field that names another record by its key. */
type NamingField = FieldSchema & { lookup: NonNullable<FieldSchema["lookup"]> };

/** Leaves behind the rows that name a record which neither is in the target nor is created by this run, or is several. */
export async function refuseLostLookups(input: LookupInput): Promise<void> {
  const { mode } = input.compiled.stream.target;
  const { compiled: own } = input;
  await leaveLostParents(input);
  // What rejects a row counts before what only keeps it waiting.
  const waits = (schema: NamingField) => Number(parentOf(own, schema)?.miss === "later");
  const naming = namingFields(own).sort((left, right) => waits(left) - waits(right));
  for (const schema of naming) {
    await findRecords(input, schema, mode === "delete" && !input.compiled.key.includes(schema));
  }
  const { engine, compiled } = input;
  const countLeft = async () => Number((await engine.one(`SELECT count(*) AS rows FROM ${leftBehindTable}`))["rows"]);
  // A row of this stream that is left behind is no parent either.
  const isTree = naming.some((schema) => creates(input, compiled.stream, compiled.stream, schema));
  for (let before = -1, left = naming.length === 0 ? before : await countLeft(); left > before; ) {
    before = left;
    for (const schema of naming) await leaveLost(input, schema);
    if (isTree) left = await countLeft();
  }
}

function namingFields({ fieldSchemas }: CompiledStream): NamingField[] {
  return [...fieldSchemas.values()].filter((schema): schema is NamingField => schema.lookup !== undefined);
}

/** Table of the records that a field's keys name: `key`, folded; `shown`, as the target has it; `id`. */
function lookupTable(schema: FieldSchema): string {
  return identifier(`lookup:${schema.name}`);
}

/** Table of the keys that rows name by a field: `key`, folded; `shown`. */
function wantedTable(schema: FieldSchema): string {
  return identifier(`wanted:${schema.name}`);
}

/** SQL: the key of the record that an id names, where one of the rows names it too; the id otherwise. */
export function keyOfLookup(schema: FieldSchema, id: string): string {
  const found = `(SELECT any_value(shown) FROM ${lookupTable(schema)} l WHERE l.id = ${id})`;
  return `coalesce(${found}, nullif(${id}, ''))`;
}

async function findRecords(input: LookupInput, schema: NamingField, isIdle: boolean): Promise<void> {
  const { engine, target, compiled, stage } = input;
  const { object, key } = schema.lookup;
  const name = identifier(schema.name);
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${wantedTable(schema)} AS
    SELECT ${foldKey([schema])} AS key, any_value(${name}) AS shown FROM ${identifier(stage)} SEMI JOIN ${keysTable} USING (_row_)
    WHERE ${isIdle ? "false" : `${name} IS NOT NULL AND NOT ${isNewRecord(compiled, schema)}`} GROUP BY 1`);
  const { idColumn } = target.capabilities;
  const scan = await readRecords(
    { engine, target },
    {
      object,
      fields: key === idColumn ? [] : [key],
      by: key,
      names: `SELECT shown AS name FROM ${wantedTable(schema)}`,
      folder: input.folder,
      name: `${compiled.stream.name}-lookup-${namingFields(compiled).indexOf(schema)}`,
      signal: input.signal,
    },
  );
  const { value, stored } = target.render(schema, identifier(key), "VARCHAR", storedReading);
  const present = `SELECT ${identifier(idColumn)} AS _id_, ${stored ?? value} AS ${name} FROM ${scan}`;
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${lookupTable(schema)} AS
    SELECT ${foldKey([schema])} AS key, ${name} AS shown, _id_ AS id FROM (${present})
    WHERE ${foldKey([schema])} IN (SELECT key FROM ${wantedTable(schema)})`);
}

/** BOOLEAN over staged rows: the field names a record that is made for them. */
function isNewRecord({ fields }: CompiledStream, { name }: NamingField): string {
  const lookup = fields.find(({ field }) => field.target === name)?.field.lookup;
  return lookup?.maker === undefined ? "false" : `starts_with(${identifier(name)}, ${literal(newRecordMark(lookup))})`;
}

/** Where the record of a key may be, and what is known of one that is nowhere. SELECTs. */
interface Whereabouts {
  /** key, id: of records that are there and stay. */
  staying: string;
  /** key: of all that is there, or is created before. */
  there: string;
  /** key, why: of what is not loaded, or goes. */
  missing: string;
  /** For people: which streams create none. */
  creators: string[];
  /** Streams that are planned later and may create it. */
  coming: string[];
}

function findWhereabouts(input: LookupInput, schema: NamingField): Whereabouts {
  const { job, compiled, plans } = input;
  const own = compiled.stream;
  const creators = job.streams.filter((stream) => creates(input, stream, own, schema));
  const created = creators.flatMap(({ name: stream, target }) => {
    const plan = plans.get(stream);
    // A record that is joined gets its key in this run.
    const named = ["false", ...target.key.map((name) => `list_contains(changed, ${literal(name)})`)].join(" OR ");
    if (stream === own.name) return [`SELECT _key_ AS key FROM ${keysTable}`];
    return plan === undefined ? [] : [`SELECT key FROM ${readParquet(plan)} WHERE action = 'create' OR ${named}`];
  });
  const deleted = job.streams.flatMap((stream) => {
    const plan = isOf(input, stream, own, schema) ? plans.get(stream.name) : undefined;
    if (plan === undefined) return [];
    return [`SELECT id, ${literal(stream.name)} AS stream FROM ${readParquet(plan)} WHERE action = 'delete'`];
  });
  const none = "SELECT CAST(NULL AS VARCHAR) AS id, CAST(NULL AS VARCHAR) AS stream LIMIT 0";
  const gone = [none, ...deleted].map((select) => `(${select})`).join(" UNION ALL ");
  const staying = `SELECT key, id FROM ${lookupTable(schema)} ANTI JOIN (${gone}) USING (id)`;
  return {
    staying,
    there: [`SELECT key FROM (${staying})`, ...created].join(" UNION ALL "),
    missing: [
      `SELECT key, 'is deleted in this run by stream ' || stream AS why FROM ${lookupTable(schema)} JOIN (${gone}) USING (id)`,
      ...selectMissing(input, schema),
    ].join(" UNION ALL "),
    creators: creators.filter((stream) => stream.name !== own.name).map(({ name }) => name),
    // What a record can't be without is not given to it later.
    coming: schema.nillable ? creators.map(({ name }) => name).filter((name) => input.coming.has(name)) : [],
  };
}

/** SELECTs of what is not loaded of the streams that load the records which a field names, with why. */
function selectMissing(input: LookupInput, schema: NamingField): string[] {
  const { compiled, job, leftOut, stage } = input;
  const own = compiled.stream;
  return job.streams.flatMap((stream) => {
    const { key, mode } = stream.target;
    if (!isOf(input, stream, own, schema) || mode === "delete") return [];
    if (key.length !== 1 || key[0] !== schema.lookup.key) return [];
    if (stream.name !== own.name) {
      const select = leftOut(stream.name);
      return select === undefined ? [] : [`SELECT key, why FROM (${select})`];
    }
    const said = (problem: string) => `'was rejected: ' || ${showProblem(problem)}`;
    const ownKey = foldKey(compiled.key, "s.");
    return [
      `SELECT ${ownKey}, ${said("s._problems_[1]")} FROM ${rejectedTable} s`,
      `SELECT ${ownKey}, ${said("l._reason_")} FROM ${identifier(stage)} s JOIN ${leftBehindTable} l USING (_row_) WHERE ${isRejected}`,
      `SELECT ${ownKey}, 'waits for its own parent' FROM ${identifier(stage)} s JOIN ${waitingTable} USING (_row_)`,
    ];
  });
}

/** VARCHAR: "Name: has no value". */
function showProblem(problem: string): string {
  const field = problemPart(problem, "field");
  return `CASE WHEN ${field} = '' THEN '' ELSE ${field} || ': ' END || ${problemPart(problem, "message")}`;
}

async function leaveLost(input: LookupInput, schema: NamingField): Promise<void> {
  const { engine, compiled, stage } = input;
  const { object, key } = schema.lookup;
  const name = identifier(schema.name);
  const { staying, there, missing, creators, coming } = findWhereabouts(input, schema);
  const also = creators.length === 0 ? "" : `, and stream ${creators.join(", ")} creates none`;
  const isHidden = compiled.redacted.has(schema.name.toLowerCase());
  const shown = isHidden ? "'(hidden)'" : "s.shown";
  const parent = parentOf(compiled, schema)?.stream ?? object;
  const why = `CASE WHEN l.ids IS NOT NULL THEN len(l.ids) || ${literal(` ${object} have ${key} "`)} || ${shown} || '": ' || array_to_string(l.ids[:5], ', ')
    WHEN l.why IS NOT NULL THEN ${literal(`its parent ${parent} `)} || ${shown} || ' ' || l.why
    ELSE ${literal(`no ${object} has ${key} "`)} || ${shown} || ${literal(`"${also}`)} END`;
  // The keys first: where none of them is lost, no row is read.
  await engine.run(`CREATE OR REPLACE TEMP TABLE lost_keys AS SELECT w.key, f.ids, m.why FROM ${wantedTable(schema)} w
    LEFT JOIN (SELECT key, list(DISTINCT id ORDER BY id) AS ids FROM (${staying}) GROUP BY key) f ON f.key = w.key
    LEFT JOIN (SELECT key, max(why) AS why FROM (${missing}) GROUP BY key) m ON m.key = w.key
    WHERE len(f.ids) > 1 OR w.key NOT IN (${there})`);
  const { lost } = await engine.one("SELECT count(*) AS lost FROM lost_keys");
  if (Number(lost) === 0) return;
  await engine.run(`CREATE OR REPLACE TEMP TABLE lost_rows AS SELECT s._row_, s._key_, s.key, l.ids IS NULL AS is_missing, ${why} AS why
    FROM (SELECT _row_, _key_, ${name} AS shown, ${foldKey([schema])} AS key FROM ${identifier(stage)} JOIN (SELECT _row_, _key_ FROM ${keysTable}) USING (_row_)
      WHERE ${name} IS NOT NULL) s
    JOIN lost_keys l ON l.key = s.key`);
  if (coming.length > 0) {
    const streams = `[${coming.map(literal).join(", ")}]`;
    await engine.run(`INSERT INTO ${laterTable}
      SELECT _key_, ${literal(schema.name)}, key, ${streams} FROM lost_rows WHERE is_missing`);
    await engine.run("DELETE FROM lost_rows WHERE is_missing");
  }
  const waits = parentOf(compiled, schema)?.miss === "later" ? "is_missing" : "false";
  await engine.run(
    `INSERT INTO ${waitingTable} SELECT _row_, ${literal(schema.name)}, why FROM lost_rows WHERE ${waits}`,
  );
  await engine.run(`INSERT INTO ${leftBehindTable} SELECT _row_,
    CASE WHEN ${waits} THEN 'waiting' ELSE ${literal(problemStart(schema.name, "lookup"))} || why END FROM lost_rows`);
}

function parentOf({ fields }: CompiledStream, { name }: NamingField): MappedField["parent"] {
  return fields.find(({ field }) => field.target === name)?.field.parent;
}

/** Whether a stream may create the records that a field names; of its own stream a row may name another. */
function creates(input: LookupInput, stream: Stream, own: Stream, schema: NamingField): boolean {
  const { mode, key } = stream.target;
  const mayCreate = makesAndChanges(mode);
  return mayCreate && isOf(input, stream, own, schema) && key.length === 1 && key[0] === schema.lookup.key;
}

/** Whether a stream writes the records that a field names. */
function isOf({ isOneOrg }: LookupInput, { target }: Stream, own: Stream, { lookup }: NamingField): boolean {
  return (
    isOneOrg(target.connection, own.target.connection) && target.object.toLowerCase() === lookup.object.toLowerCase()
  );
}
