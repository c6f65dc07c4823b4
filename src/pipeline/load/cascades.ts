// What goes with the records that a plan deletes: a master's details, an account's contacts. In: the plans of all streams,
// what describe says of the objects' children, and those children as they are. Out: how many records each stream's
// deletes would take along, told in its plan and counted by guards.deletes; and where they would take along a record
// that a mirror of this job keeps, why the run does not begin. What must hold: a record that the run moves to another
// parent, or deletes by itself, is not counted; nothing is changed.
// https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_describesobjects_describesobjectresult.htm

import type { StreamRecord } from "../../checkpoint/ledger.ts";
import type { Target } from "../../contract/target.ts";
import type { ChildLink } from "../../core/model.ts";
import { identifier, literal } from "../../core/sql.ts";
import type { Stream } from "../../job/job.ts";
import { foldId } from "../../load/row-key.ts";
import { countOf } from "../../report/numbers.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import { readParquet } from "../../stage/parquet.ts";
import { isOneOrg, type RunContext, subfolder, targetOf } from "../run/context.ts";

export interface Cascades {
  /** By stream. */
  counts: ReadonlyMap<string, number>;
  objections: readonly string[];
}

export const noCascades: Cascades = { counts: new Map(), objections: [] };

/** A stream with what it was planned to do. */
interface Planned {
  stream: Stream;
  record: StreamRecord;
}

/** Children of children, as deep as anybody builds them. */
const levelsMax = 5;

/** Asks for the children of what is deleted, and notes in the plans what goes with it. */
export async function forecastCascades(
  context: RunContext,
  streams: readonly Stream[],
  records: StreamRecord[],
): Promise<Cascades> {
  const counts = new Map<string, number>();
  const objections: string[] = [];
  const planned = streams.flatMap((stream): Planned[] => {
    const record = records.find(({ name }) => name === stream.name);
    return record === undefined ? [] : [{ stream, record }];
  });
  for (const { stream, record } of planned) {
    const deletes = (record.counts?.deletes ?? 0) + (record.counts?.mirrorDeletes ?? 0);
    if (deletes === 0 || record.plan === null) continue;
    const found = await findChildren(context, planned, { stream, plan: record.plan });
    if (stream.target.undoes === true) {
      // Held back, once what goes before it is gone.
      const held = found.map((one) => `what would take along ${tellChildren(one)} is left`);
      if (held.length > 0) note(context, records, record, held);
      continue;
    }
    const notes = found.map((one) => `deleting from ${stream.target.object} takes along ${tellChildren(one)}`);
    for (const { object, rows } of found) {
      const keeper = keeperOf(context, streams, stream, object);
      if (keeper === undefined) continue;
      const keeps = streams.includes(keeper) ? "keeps" : "may keep, which this run leaves out";
      objections.push(
        `${stream.name}: its deletes would take along ${countOf(rows, "record")} of ${object} that stream ${keeper.name} ${keeps}`,
      );
    }
    counts.set(
      stream.name,
      found.reduce((sum, { rows }) => sum + rows, 0),
    );
    if (notes.length > 0) note(context, records, record, notes);
  }
  return { counts, objections };
}

function tellChildren({ object, field, rows }: FoundChildren): string {
  return `${countOf(rows, "record")} of ${object} (${field})`;
}

function note({ ledger, emit }: RunContext, records: StreamRecord[], record: StreamRecord, notes: string[]): void {
  const noted = { ...record, notes: [...new Set([...record.notes, ...notes])] };
  for (const message of notes) emit({ type: "warning", message: `${record.name}: ${message}` });
  ledger.saveStream(noted);
  records[records.indexOf(record)] = noted;
}

/** The mirror that judges the records of an object: those that it does not delete, or was not asked about, are to stay. */
function keeperOf(context: RunContext, chosen: readonly Stream[], parent: Stream, object: string): Stream | undefined {
  const others = context.job.streams.filter((stream) => !chosen.includes(stream));
  return [...chosen, ...others].find(
    (stream) => stream.target.mode === "mirror" && loads(context, stream, parent, object),
  );
}

function loads(context: RunContext, { target }: Stream, { target: { connection } }: Stream, object: string): boolean {
  return isOneOrg(context, target.connection, connection) && target.object.toLowerCase() === object.toLowerCase();
}

interface FoundChildren extends ChildLink {
  rows: number;
}

async function findChildren(
  context: RunContext,
  planned: readonly Planned[],
  { stream, plan }: { stream: Stream; plan: string },
): Promise<FoundChildren[]> {
  const { engine } = context;
  const target = targetOf(context, stream.target.connection);
  const first = await target.describe(stream.target.object);
  if (first.cascades === undefined || first.cascades.length === 0) return [];
  const real = new Set((await target.listObjects()).filter(isRecord).map(({ name }) => name));
  const found: FoundChildren[] = [];
  await engine.run(`CREATE OR REPLACE TEMP TABLE going_0 AS
    SELECT id, ${foldId("id")} AS folded, folded AS root FROM ${readParquet(plan)} WHERE action = 'delete'`);
  await engine.run("CREATE OR REPLACE TEMP TABLE gone_along (folded VARCHAR, root VARCHAR, child VARCHAR)");
  let level: { object: string; table: string }[] = [{ object: first.object, table: "going_0" }];
  let number = 0;
  for (let depth = 0; depth < levelsMax && level.length > 0; depth += 1) {
    const next: typeof level = [];
    for (const { object, table } of level) {
      const links = (await target.describe(object)).cascades ?? [];
      for (const link of links.filter((one) => real.has(one.object))) {
        number += 1;
        const children = `going_${number}`;
        const rows = await readChildren(context, { target, stream, planned, link, parents: table, children });
        if (rows === 0) continue;
        found.push({ ...link, rows });
        next.push({ object: link.object, table: children });
      }
    }
    level = next;
  }
  return found;
}

/**
 * SELECT of the records that a plan deletes and that would take others along by now: id, folded, and what they would take.
 * Undefined where there are none.
 */
export async function selectTakers(context: RunContext, stream: Stream, plan: string): Promise<string | undefined> {
  const found = await findChildren(context, [], { stream, plan });
  if (found.length === 0) return undefined;
  return `SELECT root AS id, string_agg(DISTINCT child, ', ' ORDER BY child) AS children FROM gone_along GROUP BY root`;
}

/** Feeds, histories and shares go too, and are nobody's records. */
function isRecord({
  queryable,
  createable,
  deletable,
}: {
  queryable: boolean;
  createable: boolean;
  deletable: boolean;
}): boolean {
  return queryable && createable && deletable;
}

interface ChildrenInput {
  target: Target;
  stream: Stream;
  planned: readonly Planned[];
  link: ChildLink;
  /** The table of those that go. */
  parents: string;
  /** The table to make of those that go with them. */
  children: string;
}

async function readChildren(context: RunContext, input: ChildrenInput): Promise<number> {
  const { engine, signal } = context;
  const { target, stream, link, parents, children } = input;
  const { idColumn, versionColumn } = target.capabilities;
  const { count } = await engine.one(`SELECT count(*) AS count FROM ${parents}`);
  const snapshot = await target.snapshot({
    object: link.object,
    fields: [link.field],
    key: [link.field],
    keys: { count: Number(count), read: () => engine.texts(`SELECT id FROM ${parents} ORDER BY id`, "id") },
    folder: subfolder(context, "snapshot"),
    name: `${stream.name}-${children}`,
    signal,
    onProgress: () => undefined,
  });
  const scan = scanCsvFiles(snapshot.files, [idColumn, versionColumn, link.field]);
  const staying = await listStaying(context, input);
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${children} AS
    SELECT c.id, c.folded, p.root FROM (SELECT ${identifier(idColumn)} AS id, ${foldId(identifier(idColumn))} AS folded,
      ${foldId(identifier(link.field))} AS parent FROM ${scan}) c JOIN ${parents} p ON c.parent = p.folded
    WHERE c.folded NOT IN (SELECT folded FROM gone_along)
      ${staying.map((ids) => `AND c.folded NOT IN (${ids})`).join(" ")}`);
  const child = literal(`${link.object} (${link.field})`);
  await engine.run(`INSERT INTO gone_along SELECT folded, root, ${child} FROM ${children}`);
  const { rows } = await engine.one(`SELECT count(*) AS rows FROM ${children}`);
  return Number(rows);
}

/** Records that this run moves away from their parent, or deletes by itself. */
async function listStaying(context: RunContext, { target, stream, planned, link }: ChildrenInput): Promise<string[]> {
  const { relationshipName } = (await target.describe(link.object)).fields.get(link.field) ?? {};
  const names = [`name = ${literal(link.field)}`];
  if (relationshipName !== undefined)
    names.push(
      `starts_with(name, ${literal(`${relationshipName}.`)})`,
      `contains(name, ${literal(`:${relationshipName}.`)})`,
    );
  const moves = `len(list_filter(changed, lambda name: ${names.join(" OR ")})) > 0`;
  return planned
    .filter((other) => loads(context, other.stream, stream, link.object))
    .flatMap(({ record: { plan } }) =>
      plan === null
        ? []
        : `SELECT ${foldId("id")} FROM ${readParquet(plan)} WHERE id IS NOT NULL AND (action = 'delete' OR (action = 'update' AND ${moves}))`,
    );
}
