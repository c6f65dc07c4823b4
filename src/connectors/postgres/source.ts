// PostgreSQL as a source: a table, or a query, by one COPY in one snapshot. In: what a stream takes, and its window. Out: one
// part, bytes as the server wrote them, and one more of records that an earlier run could not load. Must hold: NULL comes
// apart from an empty text; a value of the window is never built into SQL; a part is complete when the server says how many
// rows it sent.

import { renameSync } from "node:fs";
import type { RecordSchema } from "../../contract/records.ts";
import type { ExtractedPart, ExtractRequest, Source } from "../../contract/source.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { syncFile } from "../../core/files.ts";
import { pendingLocator } from "../../core/model.ts";
import { describePart, partPath } from "../../core/part-file.ts";
import type { ObjectSource } from "../../job/job.ts";
import { extractRecords } from "../kit/extract-records.ts";
import { copyOut, type PostgresClient, type PostgresSession } from "./client.ts";
import { openedAt } from "./clock.ts";
import { quoteName } from "./names.ts";
import { idColumn, type QueriedTable, queryOf, versionColumn } from "./query.ts";

/** Ordinals of parts. What comes later wins where one record comes twice. */
const ordinals = { pending: 1, records: 2 } as const;

/** Transactions are mostly shorter, and what a longer one writes is older than when it shows. */
const overlapMs = 15 * 60_000;

const versionForm = `'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`;

export function openPostgresSource(client: PostgresClient): Source {
  const query = (source: ObjectSource) =>
    client.explain(`reading ${source.object}`, () => client.transact("read", (session) => queryOf(session, source)));
  return {
    orgId: client.orgId,
    records: {
      overlapMs,
      describe: async (source) => schemaOf(source, await query(source)),
      readClock: () =>
        client.explain("reading the clock", () => client.transact("read", (session) => openedAt(session, client))),
    },
    extract: extractRecords(client, (request) => extract(client, request)),
  };
}

function schemaOf(source: ObjectSource, queried: QueriedTable): RecordSchema {
  const { columns } = queried;
  const strict = [...columns].flatMap(([name, { values }]) => (values === undefined ? [] : [[name, values] as const]));
  return {
    object: source.object,
    columns: new Map([
      [idColumn, "VARCHAR"],
      ...[...columns].map(([name, { type }]) => [name, type] as const),
      [versionColumn, "VARCHAR"],
    ]),
    refused: queried.refused,
    strict: new Map(strict),
    idColumn,
    versionColumn,
    deletionColumns: [],
    resolveParentField: async () => undefined,
  };
}

async function* extract(client: PostgresClient, request: ExtractRequest<ObjectSource>): AsyncGenerator<ExtractedPart> {
  const { window, known } = request;
  const has = (ordinal: number) => known.some((part) => part.ordinal === ordinal);
  const isPending = window?.from !== undefined && window.pending.length > 0;
  if (isPending && !has(ordinals.pending)) yield await copyPart(client, request, ordinals.pending);
  if (!has(ordinals.records)) yield await copyPart(client, request, ordinals.records);
}

async function copyPart(
  client: PostgresClient,
  request: ExtractRequest<ObjectSource>,
  ordinal: (typeof ordinals)[keyof typeof ordinals],
): Promise<ExtractedPart> {
  const { source, signal, onProgress } = request;
  const path = partPath(request, ordinal);
  const rows = await client.transact("read", async (session) => {
    const queried = await queryOf(session, source);
    await bindWindow(session, request);
    return copyOut(session, selectRecords(queried, request, ordinal), `${path}.part`, signal);
  });
  syncFile(`${path}.part`);
  renameSync(`${path}.part`, path);
  onProgress(rows, rows);
  const isPending = ordinal === ordinals.pending;
  const part = await describePart(path, ordinal, {
    label: isPending ? `${source.object}, taken again` : source.object,
    locator: isPending ? pendingLocator : "copy",
    rows,
  });
  if (!part.suspect) return part;
  throw new Failure(exitCode.failed, `${client.name}: ${source.object} holds bytes that are no UTF-8`, {
    next: "look for them in the database: its encoding is SQL_ASCII, say",
  });
}

/** COPY takes no values: they are settings of the transaction, which the query reads. */
async function bindWindow(session: PostgresSession, { window }: ExtractRequest<ObjectSource>): Promise<void> {
  const values = {
    from: window?.from ?? "-infinity",
    to: window?.to ?? "infinity",
    pending: JSON.stringify(window?.pending ?? []),
  };
  const bound = "SELECT set_config('loadline.' || key, value, true) FROM json_each_text($1::json)";
  await session.query(bound, [JSON.stringify(values)]);
}

const setting = (name: string) => `current_setting('loadline.${name}')`;

function selectRecords(
  { from, key, cursor, columns }: QueriedTable,
  { source, columns: asked, window }: ExtractRequest<ObjectSource>,
  ordinal: number,
): string {
  const own = asked.filter((name) => name !== idColumn && name !== versionColumn);
  const cells = own.map((name) => {
    const column = `q.${quoteName(name)}`;
    return `${columns.get(name)?.select?.(column) ?? column} AS ${quoteName(name)}`;
  });
  const version = cursor === undefined ? "NULL" : `to_char(${cursor} AT TIME ZONE 'UTC', ${versionForm})`;
  const within =
    cursor === undefined || window === undefined
      ? undefined
      : `${cursor} >= CAST(${setting("from")} AS timestamptz) AND ${cursor} < CAST(${setting("to")} AS timestamptz)`;
  const again = `${key} IN (SELECT json_array_elements_text(CAST(${setting("pending")} AS json)))`;
  const isPending = ordinal === ordinals.pending;
  const conditions = [
    ...(within === undefined ? [] : [isPending ? `NOT (${within}) AND ${again}` : within]),
    ...(source.where === undefined ? [] : [`(${source.where}\n)`]),
  ];
  const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  return `SELECT ${[`${key} AS ${idColumn}`, `${version} AS ${versionColumn}`, ...cells].join(", ")} FROM ${from} AS q${where}`;
}
