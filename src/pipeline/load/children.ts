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
  const scan = await readHolders(context, input);
  const staying = await listStaying(context, input, fields);
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${children} AS
    SELECT * FROM (SELECT id, ${foldId("id")} AS folded, ${ownName} AS own, root
      FROM (SELECT c.${identifier(idColumn)} AS id, c.${identifier(versionColumn)} AS version, p.root
        FROM ${scan} c JOIN ${parents} p ON ${foldId("c.parent")} = p.folded))
    WHERE own NOT IN (SELECT own FROM gone_along WHERE object = ${literal(link.object)} AND own IS NOT NULL)
      ${staying.map((ids) => `AND (${isUnnamed} OR folded NOT IN (${ids}))`).join(" ")}`);
  if (link.stays === undefined) {
    const child = `${link.object} (${fields.join(", ")})`;
    await engine.run(`INSERT INTO gone_along
      SELECT ${literal(link.object)}, own, root, ${literal(child)} FROM ${children}`);
  }
  const { rows, unnamed } = await engine.one(
    `SELECT count(*) AS rows, count(*) FILTER (${isUnnamed}) AS unnamed FROM ${children}`,
  );
  if (Number(unnamed) > 0) await engine.run(`DELETE FROM ${children} WHERE ${isUnnamed}`);
  return { rows: Number(rows), unnamed: Number(unnamed) };
}

/** BOOLEAN: nothing names the row; SQLite takes NULL in a key, too. */
const isUnnamed = "coalesce(id, '') IN ('', 'NULL')";

/**
 * VARCHAR that two rows never share. Rows without a key that hold the same go by the same links: they are told apart by
 * counting.
 */
const ownName = `CASE WHEN ${isUnnamed} THEN concat_ws(chr(31), 'unnamed', version, row_number() OVER (PARTITION BY id, version))
  ELSE ${foldId("id")} END`;

/** Id, version, and `parent`, the id of one of those that go: of more than those, perhaps. */
async function readHolders(
  context: RunContext,
  { target, stream, link, object, parents, children }: ChildrenInput,
): Promise<string> {
  const { engine, signal } = context;
  const { idColumn, versionColumn } = target.capabilities;
  const { count } = await engine.one(`SELECT count(DISTINCT id) AS count FROM ${parents}`);
  const { field, by } = link;
  // A database knows by itself which of its texts and numbers it takes for one.
  const asked = by === undefined ? { fields: [field], key: [field] } : { fields: [], key: [], holding: { object, by } };
  const { files } = await target.snapshot({
    ...{ object: link.object, ...asked },
    keys: {
      count: Number(count),
      read: () => engine.texts(`SELECT DISTINCT id FROM ${parents} ORDER BY id`, "id"),
    },
    folder: subfolder(context, "snapshot"),
    name: `${stream.name}-${children}`,
    signal,
    onProgress: () => undefined,
  });
  return scanCsvFiles(files, [idColumn, versionColumn, "parent"]);
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
