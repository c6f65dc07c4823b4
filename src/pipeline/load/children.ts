// Records that name others which are to be deleted. In: those that go, and a lookup that names them. Out: a table of the
// records that hold one of them. What must hold: one that the run moves to another, or deletes by itself, is not among them.

import type { StreamRecord } from "../../checkpoint/ledger.ts";
import type { Target } from "../../contract/target.ts";
import { type ChildLink, fieldsOf } from "../../core/model.ts";
import { identifier, literal } from "../../core/sql.ts";
import type { Stream } from "../../job/job.ts";
import { foldId } from "../../load/row-key.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import { readParquet } from "../../stage/parquet.ts";
import { isOneOrg, type RunContext, subfolder } from "../run/context.ts";

/** A stream with what it was planned to do. */
export interface Planned {
  stream: Stream;
  record: StreamRecord;
}

interface ChildrenInput {
  target: Target;
  stream: Stream;
  planned: readonly Planned[];
  link: ChildLink;
  /** Of those that go. */
  object: string;
  /** Their table. */
  parents: string;
  /** The table to make of those that name them. */
  children: string;
}

interface Children {
  rows: number;
  /** Of them, those that no key names: nobody can ask what goes with them. */
  unnamed: number;
}

/** How many there are. */
export async function readChildren(context: RunContext, input: ChildrenInput): Promise<Children> {
  const { engine } = context;
  const { target, link, parents, children } = input;
  const { idColumn, versionColumn } = target.capabilities;
  const fields = fieldsOf(link);
  const named = link.by === undefined ? nameById(parents, link) : await nameByColumns(context, input, link.by);
  const { count } = await engine.one(`SELECT count(DISTINCT asked) AS count FROM ${named.table}`);
  const scan = await read(context, input, {
    object: link.object,
    fields,
    name: children,
    keys: {
      field: link.field,
      count: Number(count),
      read: () => engine.texts(`SELECT DISTINCT asked FROM ${named.table} ORDER BY asked`, "asked"),
    },
  });
  const staying = await listStaying(context, input, fields);
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${children} AS
    SELECT ${identifier(idColumn)} AS id, c.folded, c.own, p.root
    FROM (SELECT *, ${foldId(identifier(idColumn))} AS folded, ${ownName(idColumn, versionColumn)} AS own FROM ${scan}) c
    JOIN ${named.table} p ON ${named.isChild}
    WHERE c.own NOT IN (SELECT own FROM gone_along WHERE object = ${literal(link.object)} AND own IS NOT NULL)
      ${staying.map((ids) => `AND (${isUnnamed(`c.${identifier(idColumn)}`)} OR c.folded NOT IN (${ids}))`).join(" ")}`);
  if (link.stays === undefined) {
    const child = `${link.object} (${fields.join(", ")})`;
    await engine.run(`INSERT INTO gone_along
      SELECT ${literal(link.object)}, own, root, ${literal(child)} FROM ${children}`);
  }
  const { rows, unnamed } = await engine.one(
    `SELECT count(*) AS rows, count(*) FILTER (${isUnnamed("id")}) AS unnamed FROM ${children}`,
  );
  if (Number(unnamed) > 0) await engine.run(`DELETE FROM ${children} WHERE ${isUnnamed("id")}`);
  return { rows: Number(rows), unnamed: Number(unnamed) };
}

/** BOOLEAN: nothing names the row; SQLite takes NULL in a key, too. */
function isUnnamed(id: string): string {
  return `coalesce(${id}, '') IN ('', 'NULL')`;
}

/** VARCHAR that two rows never share. Rows without a key that hold the same go by the same links: they are told apart by counting. */
function ownName(idColumn: string, versionColumn: string): string {
  const [id, version] = [identifier(idColumn), identifier(versionColumn)];
  return `CASE WHEN ${isUnnamed(id)} THEN concat_ws(chr(31), 'unnamed', ${version}, row_number() OVER (PARTITION BY ${id}, ${version}))
    ELSE ${foldId(id)} END`;
}

/** What children hold of those that go. */
interface Named {
  /** Has `asked`, what their first field may hold, and `root`. */
  table: string;
  /** SQL of a child `c` and a row of the table, `p`. */
  isChild: string;
}

function nameById(parents: string, { field }: ChildLink): Named {
  return {
    table: `(SELECT id AS asked, folded, root FROM ${parents})`,
    isChild: `${foldId(`c.${identifier(field)}`)} = p.folded`,
  };
}

/** Other columns than the id: they are asked for. One that has none of a value is named by nobody. */
async function nameByColumns(
  context: RunContext,
  input: ChildrenInput,
  by: NonNullable<ChildLink["by"]>,
): Promise<Named> {
  const { engine } = context;
  const { target, object, parents, children } = input;
  const { idColumn } = target.capabilities;
  const { count } = await engine.one(`SELECT count(*) AS count FROM ${parents}`);
  const scan = await read(context, input, {
    object,
    fields: by.map(({ parent }) => parent),
    name: `${children}-parents`,
    keys: {
      field: idColumn,
      count: Number(count),
      read: () => engine.texts(`SELECT id FROM ${parents} ORDER BY id`, "id"),
    },
  });
  const cells = by.map(({ parent }, index) => `c.${identifier(parent)} AS k${index}`);
  const isWhole = by.map(({ parent }) => `c.${identifier(parent)} <> ''`);
  await engine.run(`CREATE OR REPLACE TEMP TABLE named_${children} AS
    SELECT ${cells.join(", ")}, k0 AS asked, p.root FROM ${scan} c
    JOIN ${parents} p ON p.folded = ${foldId(`c.${identifier(idColumn)}`)} WHERE ${isWhole.join(" AND ")}`);
  return {
    table: `named_${children}`,
    isChild: by.map(({ field }, index) => `c.${identifier(field)} = p.k${index}`).join(" AND "),
  };
}

async function read(
  context: RunContext,
  { target, stream }: ChildrenInput,
  asked: {
    object: string;
    fields: string[];
    name: string;
    keys: { field: string; count: number; read(): AsyncIterable<string> };
  },
): Promise<string> {
  const { idColumn, versionColumn } = target.capabilities;
  const { object, fields, name, keys } = asked;
  const { files } = await target.snapshot({
    ...{ object, fields, key: [keys.field], keys },
    folder: subfolder(context, "snapshot"),
    name: `${stream.name}-${name}`,
    signal: context.signal,
    onProgress: () => undefined,
  });
  return scanCsvFiles(files, [idColumn, versionColumn, ...fields]);
}

/** Whether a stream loads an object of the org of another one. */
export function loads(
  context: RunContext,
  { target }: Stream,
  { target: { connection } }: Stream,
  object: string,
): boolean {
  return isOneOrg(context, target.connection, connection) && target.object.toLowerCase() === object.toLowerCase();
}

/** Records that this run moves away from their parent, or deletes by itself. */
async function listStaying(
  context: RunContext,
  { target, stream, planned, link }: ChildrenInput,
  fields: readonly string[],
): Promise<string[]> {
  const schema = await target.describe(link.object);
  const names = fields.flatMap((field) => {
    const { relationshipName } = schema.fields.get(field) ?? {};
    const own = `name = ${literal(field)}`;
    if (relationshipName === undefined) return [own];
    return [
      own,
      `starts_with(name, ${literal(`${relationshipName}.`)})`,
      `contains(name, ${literal(`:${relationshipName}.`)})`,
    ];
  });
  const moves = `len(list_filter(changed, lambda name: ${names.join(" OR ")})) > 0`;
  return planned
    .filter((other) => loads(context, other.stream, stream, link.object))
    .flatMap(({ record: { plan } }) =>
      plan === null
        ? []
        : `SELECT ${foldId("id")} FROM ${readParquet(plan)} WHERE id IS NOT NULL AND (action = 'delete' OR (action = 'update' AND ${moves}))`,
    );
}
