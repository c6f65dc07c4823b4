// What goes with the records that a plan deletes: a master's details, an account's contacts. In: the plans of all streams,
// what describe says of the objects' children, and those children as they are. Out: how many records each stream's
// deletes would take along, told in its plan and counted by guards.deletes; of how many they would empty a lookup, told; and
// where they would take along a record that a mirror of this job keeps, why the run does not begin. What must hold: a record that the run moves to another
// parent, or deletes by itself, is not counted; nothing is changed.
// https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_describesobjects_describesobjectresult.htm

import type { StreamRecord } from "../../checkpoint/ledger.ts";
import { type ChildLink, fieldsOf } from "../../core/model.ts";
import { literal } from "../../core/sql.ts";
import type { Stream } from "../../job/job.ts";
import { foldId } from "../../load/row-key.ts";
import { countOf } from "../../report/numbers.ts";
import { readParquet } from "../../stage/parquet.ts";
import { type RunContext, targetOf } from "../run/context.ts";
import { loads, type Planned, readChildren } from "./children.ts";

export interface Cascades {
  /** By stream. */
  counts: ReadonlyMap<string, number>;
  objections: readonly string[];
}

export const noCascades: Cascades = { counts: new Map(), objections: [] };

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
    const { going: found, emptied, unread } = await findChildren(context, planned, { stream, plan: record.plan });
    const deleting = `deleting from ${stream.target.object}`;
    const changes = emptied.map((one) => `${deleting} ${tellEmptied(one)}`);
    if (stream.target.undoes === true) {
      // Held back, once what goes before it is gone.
      const held = [
        ...found.map((one) => `what would take along ${tellChildren(one)} is left`),
        ...unread.map((one) =>
          takesAlong(one) ? `what ${tellUnread(one)}, and it is left` : `${deleting} ${tellUnread(one)}`,
        ),
      ];
      note(context, records, record, [...held, ...changes]);
      continue;
    }
    const notes = found.map((one) => `${deleting} takes along ${tellChildren(one)}`);
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
    note(context, records, record, [...notes, ...changes, ...unread.map((one) => `${deleting} ${tellUnread(one)}`)]);
  }
  return { counts, objections };
}

function tellChildren({ rows, ...link }: FoundChildren): string {
  return `${countOf(rows, "record")} of ${nameLink(link)}`;
}

function nameLink({ object, ...link }: ChildLink): string {
  return `${object} (${fieldsOf(link).join(", ")})`;
}

function tellUnread({ why, ...link }: UnreadLink): string {
  const does = takesAlong(link) ? "may take along records" : "may change records";
  return `${does} of ${nameLink(link)}, ${why}: they are not counted`;
}

function takesAlong({ stays }: Pick<ChildLink, "stays">): boolean {
  return stays === undefined;
}

function tellEmptied({ object, rows, stays, ...link }: FoundChildren): string {
  const fields = (link.emptied ?? fieldsOf(link)).join(", ");
  const of = `${fields} of ${countOf(rows, "record")} of ${object}`;
  return stays === "default" ? `puts its default into ${of}` : `empties ${of}`;
}

function note({ ledger, emit }: RunContext, records: StreamRecord[], record: StreamRecord, notes: string[]): void {
  if (notes.length === 0) return;
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

interface FoundChildren extends ChildLink {
  rows: number;
}

interface Found {
  going: FoundChildren[];
  /** They stay, without what they named. */
  emptied: FoundChildren[];
  /** Nobody can say how many. */
  unread: UnreadLink[];
}

interface UnreadLink extends ChildLink {
  why: string;
}

async function findChildren(
  context: RunContext,
  planned: readonly Planned[],
  { stream, plan }: { stream: Stream; plan: string },
): Promise<Found> {
  const { engine } = context;
  const target = targetOf(context, stream.target.connection);
  const first = await target.describe(stream.target.object);
  const found: Found = { going: [], emptied: [], unread: [] };
  if (first.cascades === undefined || first.cascades.length === 0) return found;
  const objects = new Map((await target.listObjects()).map((one) => [one.name, one]));
  await engine.run(`CREATE OR REPLACE TEMP TABLE going_0 AS
    SELECT id, ${foldId("id")} AS folded, folded AS root FROM ${readParquet(plan)} WHERE action = 'delete'`);
  // Those of another object may have the same ids. What goes by itself goes along with nobody.
  await engine.run(`CREATE OR REPLACE TEMP TABLE gone_along AS
    SELECT ${literal(first.object)} AS object, folded AS own, root, CAST(NULL AS VARCHAR) AS child FROM going_0`);
  let level: Level[] = [{ object: first.object, parents: "going_0" }];
  const staying: (Level & { link: ChildLink })[] = [];
  let number = 0;
  const read = async (link: ChildLink, level: Level) => {
    number += 1;
    const children = `going_${number}`;
    return { children, ...(await readChildren(context, { target, stream, planned, link, ...level, children })) };
  };
  const leaveUnread = async (link: ChildLink, why: string, parents: string) => {
    found.unread.push({ ...link, why });
    if (!takesAlong(link)) return;
    // Nobody knows which row: whatever goes may be one that takes others along.
    await engine.run(`INSERT INTO gone_along
      SELECT ${literal(link.object)}, NULL, root, ${literal(`${nameLink(link)}, ${why}`)} FROM ${parents}`);
  };
  // To the end, however deep: what goes already does not go again, so that a circle has one.
  while (level.length > 0) {
    const next: typeof level = [];
    for (const one of level) {
      const links = (await target.describe(one.object)).cascades ?? [];
      for (const link of links) {
        const child = objects.get(link.object);
        if (link.unasked === true && child?.queryable !== true) {
          await leaveUnread(link, "which this user may not read", one.parents);
          continue;
        }
        if (child === undefined || (link.unasked !== true && !isRecord(child))) continue;
        if (link.stays !== undefined) {
          staying.push({ ...one, link });
          continue;
        }
        const { children, rows, unnamed } = await read(link, one);
        if (rows === 0) continue;
        found.going.push({ ...link, rows });
        if (unnamed > 0) {
          const unasked = (await target.describe(link.object)).cascades ?? [];
          found.unread.push(...unasked.map((other) => ({ ...other, why: `for no key names those of ${link.object}` })));
        }
        if (unnamed < rows) next.push({ object: link.object, parents: children });
      }
    }
    level = next;
  }
  // By then it is known which of them go by another way.
  for (const { link, ...one } of staying) {
    const { rows } = await read(link, one);
    if (rows > 0) found.emptied.push({ ...link, rows });
  }
  return { going: sumUp(found.going), emptied: sumUp(found.emptied), unread: sumUp(found.unread) };
}

/** Each link once, however many levels have it. */
function sumUp<Link extends ChildLink & { rows?: number }>(links: readonly Link[]): Link[] {
  const byLink = Map.groupBy(links, ({ rows: _, ...link }) => JSON.stringify(link));
  return [...byLink.values()].flatMap(([first, ...others]) => {
    if (first?.rows === undefined) return first ?? [];
    return { ...first, rows: others.reduce((sum, { rows = 0 }) => sum + rows, first.rows) };
  });
}

/** Records that go, and the table that has them. */
interface Level {
  object: string;
  parents: string;
}

/**
 * SELECT of the records that a plan deletes and that would, or may, take others along by now: id, folded, and what they would take.
 * Undefined where there are none.
 */
export async function selectTakers(context: RunContext, stream: Stream, plan: string): Promise<string | undefined> {
  const { going, unread } = await findChildren(context, [], { stream, plan });
  if (going.length === 0 && !unread.some(takesAlong)) return undefined;
  return `SELECT root AS id, string_agg(DISTINCT child, ', ' ORDER BY child) AS children FROM gone_along WHERE child IS NOT NULL GROUP BY root`;
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
