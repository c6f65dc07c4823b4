// The REST query: one page of records at a time, the rest behind a locator.
// In: SOQL. Out: records, totalSize, done, nextRecordsUrl. Must hold: a locator's records are those of the moment
// of the query, each once, whatever is written between the pages.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm

import type { DatabaseSync } from "../../../core/sqlite.ts";
import { now } from "../../clock.ts";
import { type Answer, json, type Route } from "../../routes.ts";
import { ApiError } from "../errors.ts";
import { makeId } from "../ids.ts";
import type { Org } from "../org.ts";
import { compileSoql } from "../soql/compile.ts";
import type { CompiledQuery } from "../soql/compiled-query.ts";
import { malformedQuery } from "../soql/parse.ts";
import { type QueryRow, recordReader, rowLimit, selectList, statementOf } from "../soql/rows.ts";
import { prepareRows, transact } from "../store.ts";
import { type ApiRequest, apiRoute } from "./api.ts";
import { explainQuery } from "./explain.ts";

const largestPage = 2000;
const smallestPage = 200;
const locatorLifeMs = 2 * 24 * 3_600_000;

export function queryRoutes(org: Org): Route[] {
  org.store.database.exec(`
    CREATE TABLE IF NOT EXISTS sandbox_cursor (serial INTEGER PRIMARY KEY, soql TEXT, deleted_too INTEGER, size INTEGER, made INTEGER);
    CREATE TABLE IF NOT EXISTS sandbox_cursor_row (cursor INTEGER, position INTEGER, record INTEGER, PRIMARY KEY (cursor, position)) WITHOUT ROWID;
  `);
  return [
    apiRoute(org, "GET", "/query", (request) => startQuery(org, request, false)),
    apiRoute(org, "GET", "/queryAll", (request) => startQuery(org, request, true)),
    apiRoute(org, "GET", "/query/{locator}", (request) => continueQuery(org, request)),
    apiRoute(org, "GET", "/queryAll/{locator}", (request) => continueQuery(org, request)),
    // The tooling objects that clients probe for are not there, and real orgs say so in the same words.
    apiRoute(org, "GET", "/tooling/query", (request) => startQuery(org, request, false)),
  ];
}

function startQuery(org: Org, request: ApiRequest, all: boolean): Answer {
  const explained = request.query.get("explain");
  if (explained !== null && !all) return explainQuery(org, explained);
  const soql = request.query.get("q");
  if (soql === null || soql.trim() === "") throw malformedQuery("SOQL statements can not be empty or null");
  const query = compileSoql(org.catalog, soql, all);
  if (request.query.get("columns") === "true") return json(200, columnMetadata(query));
  const database = org.store.database;
  if (query.countOnly) return json(200, { totalSize: countRecords(database, query), done: true, records: [] });
  const size = pageSize(request);
  const statement = prepareRows<QueryRow>(database, `SELECT * FROM (${statementOf(query)}) LIMIT ${size + 1}`);
  const rows = statement.all(...query.where.parameters);
  const read = recordReader(query, request.version, database);
  if (rows.length <= size) return json(200, { totalSize: rows.length, done: true, records: rows.map(read) });
  if (query.grouped)
    throw new ApiError(
      400,
      "EXCEEDED_ID_LIMIT",
      "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch",
    );
  return openCursor(org, request, { query, soql, all, size });
}

function countRecords(database: DatabaseSync, query: CompiledQuery): number {
  if (query.groupBy !== "") throw malformedQuery("Grouped query cannot use COUNT() without a field");
  const statement = prepareRows<[number]>(
    database,
    `SELECT count(*) FROM (SELECT 1 ${query.from}${query.where.sql}${rowLimit(query)})`,
  );
  return statement.get(...query.where.parameters)?.[0] ?? 0;
}

interface NewCursor {
  query: CompiledQuery;
  soql: string;
  all: boolean;
  size: number;
}

// The records are fixed by number now; their values are read page by page, as Salesforce does.
function openCursor(org: Org, request: ApiRequest, { query, soql, all, size }: NewCursor): Answer {
  const database = org.store.database;
  const serial = transact(database, () => {
    const oldest = now().getTime() - locatorLifeMs;
    database
      .prepare("DELETE FROM sandbox_cursor_row WHERE cursor IN (SELECT serial FROM sandbox_cursor WHERE made < ?)")
      .run(oldest);
    database.prepare("DELETE FROM sandbox_cursor WHERE made < ?").run(oldest);
    const made = database
      .prepare("INSERT INTO sandbox_cursor (soql, deleted_too, made) VALUES (?, ?, ?)")
      .run(soql, all ? 1 : 0, now().getTime());
    const cursor = Number(made.lastInsertRowid);
    const picked = `SELECT ${query.root}.serial ${query.from}${query.where.sql}${query.orderBy}${rowLimit(query)}`;
    const filled = database
      .prepare(`INSERT INTO sandbox_cursor_row SELECT ${cursor}, row_number() OVER () - 1, serial FROM (${picked})`)
      .run(...query.where.parameters);
    database.prepare("UPDATE sandbox_cursor SET size = ? WHERE serial = ?").run(Number(filled.changes), cursor);
    return cursor;
  });
  return cursorPage(org, request, serial, 0, size);
}

function continueQuery(org: Org, request: ApiRequest): Answer {
  const parts = /^(?<id>01g\w{15})-(?<position>\d+)$/.exec(request.params["locator"] ?? "")?.groups;
  const serial = parts === undefined ? undefined : serialOf(org.store.database, parts["id"] ?? "");
  if (parts === undefined || serial === undefined) throw invalidLocator();
  return cursorPage(org, request, serial, Number(parts["position"]), pageSize(request));
}

function invalidLocator(): ApiError {
  return new ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator");
}

function serialOf(database: DatabaseSync, id: string): number | undefined {
  const known = prepareRows<[number]>(database, "SELECT serial FROM sandbox_cursor").all();
  return known.map(([serial]) => serial).find((serial) => makeId("01g", serial) === id);
}

function cursorPage(org: Org, request: ApiRequest, serial: number, position: number, size: number): Answer {
  const database = org.store.database;
  const cursor = prepareRows<[string, number, number]>(
    database,
    "SELECT soql, deleted_too, size FROM sandbox_cursor WHERE serial = ?",
  ).get(serial);
  if (cursor === undefined) throw invalidLocator();
  const [soql, all, total] = cursor;
  const query = compileSoql(org.catalog, soql, all === 1);
  // The page keeps the query's joins and drops its conditions: the cursor has decided which records it is.
  const rows = prepareRows<QueryRow>(
    database,
    `SELECT ${selectList(query)} ${query.from} JOIN sandbox_cursor_row picked ON picked.record = ${query.root}.serial WHERE picked.cursor = ? AND picked.position >= ? AND picked.position < ? ORDER BY picked.position`,
  ).all(serial, position, position + size);
  const done = position + size >= total;
  const next = `/services/data/v${request.version}.0/query/${makeId("01g", serial)}-${position + size}`;
  return json(200, {
    totalSize: total,
    done,
    ...(done ? {} : { nextRecordsUrl: next }),
    records: rows.map(recordReader(query, request.version, database)),
  });
}

function pageSize(request: ApiRequest): number {
  const wanted = /batchSize=(?<size>\d+)/.exec(String(request.headers["sforce-query-options"] ?? ""))?.groups?.["size"];
  return Math.min(largestPage, Math.max(smallestPage, Number(wanted ?? largestPage)));
}

/** What `columns=true` answers: the shape of the result without its records. */
function columnMetadata(query: CompiledQuery): unknown {
  return {
    columnMetadata: query.columns.map((column) => ({
      aggregate: column.aggregate,
      apexType: column.field.type,
      booleanType: column.field.type === "boolean",
      columnName: column.path.join("."),
      custom: column.field.custom,
      displayName: column.path.at(-1),
      foreignKeyName: null,
      insertable: column.field.createable,
      joinColumns: [],
      numberType: column.field.precision > 0,
      textType: column.field.length > 0,
      updatable: column.field.updateable,
    })),
    entityName: query.object.name,
    groupBy: query.grouped,
    idSelected: query.columns.some((column) => column.field.type === "id"),
    keyPrefix: query.object.keyPrefix,
  };
}
