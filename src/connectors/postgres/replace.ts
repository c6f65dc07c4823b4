// A new table in the place of an old one, in the one transaction of its rows and their mark. In: a table, the file of all
// rows. Out: a table of the same name, rights and indexes, with these rows. Must hold: readers see the old rows until the
// new ones are all there; whoever is killed leaves the old table as it was, and nothing beside it.

import type { Batch } from "../../contract/write.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { failpoint } from "../../core/failpoint.ts";
import { headerOf } from "../../formats/csv-header.ts";
import type { PostgresSession } from "./client.ts";
import type { PostgresTable } from "./fields.ts";
import { quoteName } from "./names.ts";
import { copyBatch, stageName, stageOf } from "./stage.ts";
import { valueIn, writtenColumns } from "./statements.ts";
import { readStorage, readTableParts, refuseUnkept, type TableParts } from "./table-parts.ts";

/** Rows that a message names. */
const namedMax = 3;

export async function replaceTable(
  session: PostgresSession,
  described: PostgresTable,
  batch: Batch,
  signal: AbortSignal,
): Promise<void> {
  const { table } = described;
  await holdTable(session, described);
  await refuseUnkept(session, table);
  const [schema, name] = [table.schema, table.relation].map(quoteName);
  const made = `${schema}.${quoteName(`loadline_new_${table.oid}`)}`;
  const [{ path = "" } = {}] = await session.rows("SELECT current_setting('search_path') AS path");
  await setPath(session, "pg_catalog");
  await createBeside(session, table.oid, made);
  await runAll(session, await readStorage(session, table, made));
  await setPath(session, path ?? "");
  await fill(session, described, batch, { made, signal });
  failpoint("filled");
  await setPath(session, "pg_catalog");
  const parts = await readTableParts(session, table, made);
  try {
    await runAll(session, [...parts.indexes, "SET LOCAL default_tablespace = ''", ...parts.foreignKeys]);
  } catch (error) {
    throw refused(error, batch, table.name);
  }
  await session.rows(`ANALYZE ${made}`);
  await swap(session, parts, { old: table.quoted, name: name ?? "", made, oid: table.oid, schema: schema ?? "" });
  await setPath(session, path ?? "");
  failpoint("swapped");
}

/** Others read on, and whoever wants to write waits until the new table is there. */
function holdTable(session: PostgresSession, { table }: PostgresTable): Promise<unknown> {
  return session.rows(`LOCK TABLE ${table.quoted} IN SHARE ROW EXCLUSIVE MODE`);
}

/** Each change of a row gives it another xmin, and a row that goes is one less. */
export async function contentOf(session: PostgresSession, described: PostgresTable, isHeld: boolean): Promise<string> {
  if (isHeld) await holdTable(session, described);
  const sum = "sum(CAST(hashtextextended(CAST(t.xmin AS text), 0) AS numeric))";
  const [row] = await session.rows(`SELECT concat(count(*), ' ', ${sum}) AS content FROM ${described.table.quoted} t`);
  return row?.["content"] ?? "";
}

function setPath(session: PostgresSession, path: string): Promise<unknown> {
  return session.rows("SELECT set_config('search_path', $1, true)", [path]);
}

async function runAll(session: PostgresSession, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await session.rows(statement);
}

async function createBeside(session: PostgresSession, oid: string, made: string): Promise<void> {
  const [own = {}] = await session.rows(
    `SELECT c.relpersistence AS kept, a.amname AS method, s.spcname AS space, current_setting('server_version_num') AS version
       FROM pg_class c LEFT JOIN pg_am a ON a.oid = c.relam LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace WHERE c.oid = CAST($1 AS oid)`,
    [oid],
  );
  const kinds = ["COMMENTS", "CONSTRAINTS", "DEFAULTS", "GENERATED", "STORAGE"];
  if (Number(own["version"]) >= 140_000) kinds.push("COMPRESSION");
  const [{ quoted } = {}] = await session.rows("SELECT CAST(CAST(CAST($1 AS oid) AS regclass) AS text) AS quoted", [
    oid,
  ]);
  await session.rows("SELECT set_config('default_tablespace', $1, true)", [own["space"] ?? ""]);
  await session.rows("SELECT set_config('default_table_access_method', $1, true)", [own["method"] ?? "heap"]);
  const kind = own["kept"] === "u" ? "UNLOGGED TABLE" : "TABLE";
  await session.rows(`CREATE ${kind} ${made} (LIKE ${quoted} ${kinds.map((one) => `INCLUDING ${one}`).join(" ")})`);
  await session.rows("SET LOCAL default_tablespace = ''");
}

interface Filling {
  made: string;
  signal: AbortSignal;
}

/** Once more row by row where one is refused, to say which. */
async function fill(
  session: PostgresSession,
  described: PostgresTable,
  batch: Batch,
  { made, signal }: Filling,
): Promise<void> {
  const headers = headerOf(batch.path);
  await session.rows(stageOf(headers));
  await copyBatch(session, batch, headers, signal);
  const written = writtenColumns(described, headers);
  const generated = [...described.columns.values()].filter(
    (column) => column.isIdentity && !written.some((one) => one.column.name === column.name),
  );
  const names = [...written.map(({ column }) => column), ...generated].map(({ name }) => quoteName(name)).join(", ");
  const values = [
    ...written.map((one) => valueIn(one, one.column.initial)),
    ...generated.map(({ initial }) => initial),
  ];
  const insert = `INSERT INTO ${made} (${names}) SELECT ${values.join(", ")} FROM ${stageName} s`;
  await session.rows("SAVEPOINT loadline_fill");
  try {
    await session.rows(insert);
  } catch (error) {
    if (!isOfRow(error)) throw error;
    await session.rows("ROLLBACK TO SAVEPOINT loadline_fill");
    throw await nameRefused(session, insert, { batch, table: described.table.name, error });
  }
}

/** Values and constraints, and a value that is too long for an index (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
function isOfRow(error: unknown): boolean {
  return /^2[23]|^5400[01]$/.test((error as { code?: string }).code ?? "");
}

interface Refusal {
  batch: Batch;
  table: string;
  error: unknown;
}

/** By halves, the first rows that can't be put in. */
async function nameRefused(
  session: PostgresSession,
  insert: string,
  { batch, table, error }: Refusal,
): Promise<unknown> {
  const found: { n: number; message: string }[] = [];
  const look = async (first: number, last: number): Promise<void> => {
    if (found.length >= namedMax || first > last) return;
    await session.rows("SAVEPOINT loadline_row");
    try {
      await session.rows(`${insert} WHERE s.n BETWEEN CAST($1 AS int) AND CAST($2 AS int)`, [
        String(first),
        String(last),
      ]);
    } catch (told) {
      if (!isOfRow(told)) throw told;
      await session.rows("ROLLBACK TO SAVEPOINT loadline_row");
      if (first === last) {
        found.push({ n: first + 1, message: (told as Error).message });
        return;
      }
      const middle = (first + last) >> 1;
      await look(first, middle);
      await look(middle + 1, last);
      return;
    }
    await session.rows("ROLLBACK TO SAVEPOINT loadline_row");
  };
  await look(0, batch.rows - 1);
  const rows = found.map(({ n, message }) => `row ${n}: ${message}`).join("; ");
  return rows === "" ? error : notReplaced(table, batch, rows, error);
}

/** A constraint that the rows together break. */
function refused(error: unknown, batch: Batch, table: string): unknown {
  return isOfRow(error) ? notReplaced(table, batch, (error as Error).message, error) : error;
}

function notReplaced(table: string, { path }: Batch, why: string, cause: unknown): Failure {
  return new Failure(exitCode.failed, `${table} is as it was: the server refuses rows of the new table`, {
    where: { file: path },
    why,
    next: "correct the source or the map and run it again; mode mirror loads the rows that are right, and rejects the others",
    cause,
  });
}

interface Swapped {
  old: string;
  name: string;
  made: string;
  oid: string;
  schema: string;
}

/** From here on readers wait: the last of the transaction. */
async function swap(
  session: PostgresSession,
  parts: TableParts,
  { old, name, made, oid, schema }: Swapped,
): Promise<void> {
  const gone = quoteName(`loadline_old_${oid}`);
  await session.rows(`LOCK TABLE ${old} IN ACCESS EXCLUSIVE MODE`);
  await runAll(session, parts.standing);
  await runAll(session, parts.sequences);
  await session.rows(`ALTER TABLE ${old} RENAME TO ${gone}`);
  await session.rows(`ALTER TABLE ${made} RENAME TO ${name}`);
  await runAll(session, parts.views);
  await session.rows(`DROP TABLE ${schema}.${gone}`);
  await runAll(session, [...parts.identities, ...parts.ownForeignKeys, ...parts.statistics]);
}
