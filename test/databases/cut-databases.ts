// The databases whose connections are cut, with a table `sent` that takes every line twice if it is sent twice.

import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { definitionOf as mysqlMarks } from "../../src/connectors/mysql/marks.ts";
import { definitionOf as postgresMarks } from "../../src/connectors/postgres/marks.ts";
import { definition as sqliteMarks } from "../../src/connectors/sqlite/marks.ts";
import { openSqliteData } from "../../src/core/sqlite.ts";
import type { DatabaseRelay } from "../contract/database-relay.ts";
import { startMysqlRelay } from "../contract/mysql-relay.ts";
import { startPostgresRelay } from "../contract/postgres-relay.ts";
import { hasMariadb, startMariadb } from "../support/mariadb.ts";
import { hasPostgres, startPostgres } from "../support/postgres.ts";

interface Prepared {
  connection: string;
  environment: Record<string, string>;
  /** None of a file. */
  relay?: DatabaseRelay;
}

export interface CutDatabase extends AsyncDisposable {
  /** Anew. `remembers`: false where marks that are written are not found again. */
  prepare(remembers: boolean): Promise<Prepared>;
  count(): Promise<{ held: number; lines: number }>;
}

const counted = "SELECT count(*) AS held, count(DISTINCT line) AS lines_of FROM sent";

function countOf(row: Readonly<Record<string, unknown>> | undefined): { held: number; lines: number } {
  return { held: Number(row?.["held"]), lines: Number(row?.["lines_of"]) };
}

async function openPostgres(): Promise<CutDatabase> {
  const server = await startPostgres();
  const { role, password, database } = server;
  const relay = await startPostgresRelay(server.port, database);
  return {
    async prepare(remembers) {
      await server.query(`DROP SCHEMA IF EXISTS loadline CASCADE; DROP TABLE IF EXISTS sent; ${postgresMarks(role)}
        CREATE TABLE sent (line text NOT NULL); GRANT ALL ON sent TO ${role}`);
      if (!remembers) {
        await server.query(`CREATE OR REPLACE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
          CREATE TRIGGER forgets BEFORE INSERT ON loadline.batch FOR EACH ROW EXECUTE FUNCTION forget()`);
      }
      const url = `postgres://127.0.0.1:${relay.port}/${database}`;
      const connection = `{ type: postgres, url: "${url}", auth: { user: ${role}, password: "\${DB_PASSWORD}" } }`;
      return { connection, environment: { DB_PASSWORD: password }, relay };
    },
    count: async () => countOf((await server.query(counted))[0]),
    async [Symbol.asyncDispose]() {
      await relay[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function openMysql(): Promise<CutDatabase> {
  const server = await startMariadb();
  const { user, password, database } = server;
  const relay = await startMysqlRelay(server.port, database);
  return {
    async prepare(remembers) {
      const marks = mysqlMarks(database, user);
      await server.query(
        `DROP TABLE IF EXISTS loadline_batch, sent; ${marks} CREATE TABLE sent (line varchar(40) NOT NULL)`,
      );
      if (!remembers) {
        await server.query("CREATE TRIGGER forgets BEFORE INSERT ON loadline_batch FOR EACH ROW SET NEW.mark = UUID()");
      }
      const url = `mysql://127.0.0.1:${relay.port}/${database}`;
      const connection = `{ type: mysql, url: "${url}", auth: { user: ${user}, password: "\${DB_PASSWORD}" } }`;
      return { connection, environment: { DB_PASSWORD: password }, relay };
    },
    count: async () => countOf((await server.query(counted))[0]),
    async [Symbol.asyncDispose]() {
      await relay[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function openSqlite(): Promise<CutDatabase> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "loadline-cuts-")));
  const path = join(folder, "sent.db");
  writeFileSync(path, "");
  const database = openSqliteData(path, { readOnly: false });
  return {
    async prepare(remembers) {
      database.exec(
        `DROP TABLE IF EXISTS loadline_batch; DROP TABLE IF EXISTS sent; ${sqliteMarks}; CREATE TABLE sent (line TEXT NOT NULL)`,
      );
      if (!remembers) {
        database.exec(`CREATE TRIGGER forgets AFTER INSERT ON loadline_batch
          BEGIN DELETE FROM loadline_batch WHERE mark = NEW.mark; END`);
      }
      return { connection: `{ type: sqlite, path: ${JSON.stringify(path)} }`, environment: {} };
    },
    count: async () => countOf(database.prepare(counted).get()),
    async [Symbol.asyncDispose]() {
      database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** `isThere`: for `describe.skipIf`. */
export const databases = {
  postgres: { isThere: hasPostgres, open: openPostgres },
  mysql: { isThere: hasMariadb, open: openMysql },
  sqlite: { isThere: true, open: openSqlite },
} satisfies Record<string, { isThere: boolean; open(): Promise<CutDatabase> }>;

export type DatabaseName = keyof typeof databases;
