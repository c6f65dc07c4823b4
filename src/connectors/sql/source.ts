// A database as a source: a table, or a query, by one SELECT in one snapshot. In: what a stream takes, and its window. Out: one
// part, as the server wrote its values, and more of records that an earlier run could not load, and of all keys where deletions are told by them. Must hold: NULL comes
// apart from an empty text; a part is complete when the server says how many rows it sent.

import { renameSync } from "node:fs";
import type { RecordSchema } from "../../contract/records.ts";
import type { ExtractedPart, ExtractRequest, Source } from "../../contract/source.ts";
import { syncFile } from "../../core/files.ts";
import { keysLocator, pendingLocator } from "../../core/model.ts";
import { describePart, partPath } from "../../core/part-file.ts";
import type { ObjectSource } from "../../job/job.ts";
import { extractRecords } from "../kit/extract-records.ts";
import type { CopiedRows, ReadDialect, SqlClient, SqlSession } from "./dialect.ts";
import { deletedColumn, idColumn, versionColumn } from "./names.ts";
import { type QueriedTable, queryOf } from "./query.ts";
import { selectKeys, selectRecords } from "./select.ts";

/** Ordinals of parts. What comes later wins where one record comes twice. */
const ordinals = { pending: 1, window: 2, keys: 3 } as const;
type Which = keyof typeof ordinals;

/** Transactions are mostly shorter, and what a longer one writes is older than when it shows. */
const overlapMs = 15 * 60_000;

export function openSqlSource<Session extends SqlSession>(
  client: SqlClient<Session>,
  dialect: ReadDialect<Session>,
): Source {
  const { counter } = dialect;
  const query = (source: ObjectSource) =>
    client.explain(`reading ${source.object}`, () =>
      client.transact("read", (session) => queryOf(session, dialect, source)),
    );
  return {
    orgId: client.orgId,
    records: {
      overlapMs,
      describe: async (source) => {
        const queried = await query(source);
        const isWhole = !(await client.explain(`reading ${source.object}`, () => hidesRows(client, dialect, queried)));
        return {
          ...schemaOf(source, queried),
          ...(isWhole ? {} : { hides: "row security keeps rows from this role" }),
        };
      },
      readClock: () =>
        client.explain("reading the clock", () =>
          client.transact("read", (session) => dialect.readClock(session, client)),
        ),
      ...(counter === undefined
        ? {}
        : {
            positions: {
              cursor: counter.cursor,
              read: (source, since) =>
                client.explain("reading the counter", () =>
                  client.transact("read", (session) => counter.readPosition(session, source, since)),
                ),
            },
          }),
    },
    extract: extractRecords(client, (request) => extract(client, dialect, request)),
  };
}

/** Whether the user sees a part of the rows without being told. */
async function hidesRows<Session extends SqlSession>(
  client: SqlClient<Session>,
  { refuseHidden, isHidden }: ReadDialect<Session>,
  { from }: QueriedTable,
): Promise<boolean> {
  if (refuseHidden === undefined) return false;
  try {
    await client.transact("read", async (session) => {
      await refuseHidden(session);
      await session.rows(`SELECT 1 FROM ${from} q WHERE 1 = 0`);
    });
    return false;
  } catch (error) {
    if (isHidden?.(error) === true) return true;
    throw error;
  }
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
      ...(source.deletes === "compare" ? [[deletedColumn, "BOOLEAN"] as const] : []),
    ]),
    refused: queried.refused,
    strict: new Map(strict),
    idColumn,
    versionColumn,
    deletionColumns: source.deletes === "compare" ? [deletedColumn] : [],
    comparesKeys: true,
    resolveParentField: async () => undefined,
  };
}

/** All that is not there yet, in one snapshot. */
async function* extract<Session extends SqlSession>(
  client: SqlClient<Session>,
  dialect: ReadDialect<Session>,
  request: ExtractRequest<ObjectSource>,
): AsyncGenerator<ExtractedPart> {
  const { source, window, known, compared, signal } = request;
  const isPending = window?.from !== undefined && window.pending.length > 0;
  const wanted: Which[] = [
    ...(isPending ? (["pending"] as const) : []),
    "window",
    ...(compared === undefined ? [] : (["keys"] as const)),
  ];
  const lacking = wanted.filter((which) => !known.some(({ ordinal }) => ordinal === ordinals[which]));
  if (lacking.length === 0) return;
  const copied = await client.transact("read", async (session) => {
    const queried = await queryOf(session, dialect, source);
    if (window !== undefined) {
      const { from = "", to, pending } = window;
      await dialect.bind(session, { from, to, pending: JSON.stringify(pending) });
    }
    if (queried.counter !== undefined) await dialect.counter?.bind(session, window?.from);
    const copied = new Map<Which, CopiedRows>();
    for (const which of lacking) {
      const select =
        which === "keys" ? selectKeys(queried, dialect, request) : selectRecords(queried, dialect, request, which);
      copied.set(which, await dialect.copyOut(session, select, `${partPath(request, ordinals[which])}.part`, signal));
    }
    return copied;
  });
  for (const [which, rows] of copied) yield await finishPart(request, which, rows);
}

async function finishPart(
  request: ExtractRequest<ObjectSource>,
  which: Which,
  { rows, content }: CopiedRows,
): Promise<ExtractedPart> {
  const { object } = request.source;
  const path = partPath(request, ordinals[which]);
  syncFile(`${path}.part`);
  renameSync(`${path}.part`, path);
  if (which !== "keys") request.onProgress(rows, rows);
  const origins = {
    pending: { label: `${object}, taken again`, locator: pendingLocator },
    window: { label: object, locator: "copy" },
    keys: { label: `${object}, all keys`, locator: keysLocator },
  };
  // A row with NUL, or with bytes that are no UTF-8, is found as a file's is, and rejected by name.
  return describePart(path, ordinals[which], { ...origins[which], rows }, content);
}
