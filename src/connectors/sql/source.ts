// A database as a source: a table, or a query, by one SELECT in one snapshot. In: what a stream takes, and its window. Out: one
// part, as the server wrote its values, and one more of records that an earlier run could not load. Must hold: NULL comes
// apart from an empty text; a part is complete when the server says how many rows it sent.

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
import type { ReadDialect, SqlClient, SqlSession } from "./dialect.ts";
import { idColumn, versionColumn } from "./names.ts";
import { type QueriedTable, queryOf, selectRecords } from "./query.ts";

/** Ordinals of parts. What comes later wins where one record comes twice. */
const ordinals = { pending: 1, window: 2 } as const;

/** Transactions are mostly shorter, and what a longer one writes is older than when it shows. */
const overlapMs = 15 * 60_000;

export function openSqlSource<Session extends SqlSession>(
  client: SqlClient<Session>,
  dialect: ReadDialect<Session>,
): Source {
  const query = (source: ObjectSource) =>
    client.explain(`reading ${source.object}`, () =>
      client.transact("read", (session) => queryOf(session, dialect, source)),
    );
  return {
    orgId: client.orgId,
    records: {
      overlapMs,
      describe: async (source) => schemaOf(source, await query(source)),
      readClock: () =>
        client.explain("reading the clock", () =>
          client.transact("read", (session) => dialect.readClock(session, client)),
        ),
    },
    extract: extractRecords(client, (request) => extract(client, dialect, request)),
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

async function* extract<Session extends SqlSession>(
  client: SqlClient<Session>,
  dialect: ReadDialect<Session>,
  request: ExtractRequest<ObjectSource>,
): AsyncGenerator<ExtractedPart> {
  const { window, known } = request;
  const has = (ordinal: number) => known.some((part) => part.ordinal === ordinal);
  const isPending = window?.from !== undefined && window.pending.length > 0;
  if (isPending && !has(ordinals.pending)) yield await copyPart(client, dialect, request, "pending");
  if (!has(ordinals.window)) yield await copyPart(client, dialect, request, "window");
}

async function copyPart<Session extends SqlSession>(
  client: SqlClient<Session>,
  dialect: ReadDialect<Session>,
  request: ExtractRequest<ObjectSource>,
  which: keyof typeof ordinals,
): Promise<ExtractedPart> {
  const { source, signal, onProgress, window } = request;
  const path = partPath(request, ordinals[which]);
  const rows = await client.transact("read", async (session) => {
    const queried = await queryOf(session, dialect, source);
    if (window !== undefined) {
      const { from = "", to, pending } = window;
      await dialect.bind(session, { from, to, pending: JSON.stringify(pending) });
    }
    const select = selectRecords(queried, dialect, request, which);
    return dialect.copyOut(session, select, `${path}.part`, signal);
  });
  syncFile(`${path}.part`);
  renameSync(`${path}.part`, path);
  onProgress(rows, rows);
  const isPending = which === "pending";
  const part = await describePart(path, ordinals[which], {
    label: isPending ? `${source.object}, taken again` : source.object,
    locator: isPending ? pendingLocator : "copy",
    rows,
  });
  if (!part.suspect) return part;
  throw new Failure(exitCode.failed, `${client.name}: ${source.object} holds bytes that are no UTF-8`, {
    next: "look for them in the database: in PostgreSQL its encoding is SQL_ASCII, say",
  });
}
