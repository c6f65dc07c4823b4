// Sessions of a MySQL or MariaDB database. In: a connection. Out: transactions, in sessions with the settings by which values
// come and go as they are. Must hold: a session is in no transaction when it is used again; one that failed in any way is not;
// what runs is killed on the server when the run is stopped.

import { readFileSync } from "node:fs";
import { type Connection, createConnection } from "mysql2";
import { type Failure, usageFailure } from "../../core/errors.ts";
import { isLoopback } from "../../core/loopback.ts";
import type { CallFault } from "../../http/outcome.ts";
import { requireName } from "../sql/connection.ts";
import type { TransactionKind } from "../sql/dialect.ts";
import { ServerClient } from "../sql/server.ts";
import { isSocket } from "../sql/url.ts";
import type { MysqlConnection } from "./connection.ts";
import { explainFault, faultOf } from "./faults.ts";
import { MysqlSession } from "./session.ts";

const connectMsMax = 30_000;

/** Statements of loadline, prepared in a session. */
const preparedMax = 100;

/**
 * Whatever the server's own settings are: a value that does not fit is an error, times are in UTC, no result is cut
 * (sql_select_limit, group_concat_max_len), and a reader that is slow for a while is waited for
 * (https://dev.mysql.com/doc/refman/8.4/en/sql-mode.html, https://dev.mysql.com/doc/refman/8.4/en/server-system-variables.html).
 */
const settings = `SET NAMES utf8mb4, SESSION
  sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO',
  time_zone = '+00:00', sql_select_limit = 18446744073709551615, group_concat_max_len = 1073741824, sql_auto_is_null = 0,
  foreign_key_checks = 1, unique_checks = 1, net_write_timeout = 3600, net_read_timeout = 600, lock_wait_timeout = 600`;

const begins = {
  read: ["SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"],
  // At the server's own level: with a binary log of statements it takes no other.
  write: ["START TRANSACTION READ WRITE"],
  // Who looks for a version and finds none holds the gap where it would be.
  history: ["SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION READ WRITE"],
};

/** What loadline needs of a server: JSON_TABLE, window functions, enforced CHECK. */
const oldest = { MariaDB: [10, 6], MySQL: [8, 0] } as const;

export class MysqlClient extends ServerClient<MysqlConnection, Connection, MysqlSession> {
  #orgId = "";

  get orgId(): string {
    return this.#orgId;
  }

  /** Throws a Failure: 2 where the server is too old, 8 where the user is refused, 75 where nobody answers. */
  async connect(): Promise<void> {
    const asked = `SELECT DATABASE() AS name, VERSION() AS version, (SELECT COUNT(*) FROM information_schema.USER_PRIVILEGES
      WHERE PRIVILEGE_TYPE = 'SUPER' AND GRANTEE = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')) AS supers`;
    const [row = {}] = await this.explain("the sign-in", () => this.transact("read", (session) => session.rows(asked)));
    this.#refuseOld(row["version"] ?? "");
    const { address } = this.connection;
    const server = isSocket(address) ? address.host : `${address.host}:${address.port}`;
    // A server has no name that stays when it is moved, or when another one takes over: its address does.
    this.#orgId = `${server}/${row["name"]}`;
    if (row["supers"] !== "0") {
      this.warnings.push(`${this.name}: the user has the right SUPER; give loadline one that may do what the jobs do`);
    }
  }

  #refuseOld(version: string): void {
    const product = version.includes("MariaDB") ? "MariaDB" : "MySQL";
    const [, major = 0, minor = 0] = /^(\d+)\.(\d+)/.exec(version)?.map(Number) ?? [];
    const [first, second] = oldest[product];
    if (major > first || (major === first && minor >= second)) return;
    throw usageFailure(`${this.name}: ${product} ${version} is too old`, {
      where: this.connection.place,
      next: `${product} ${first}.${second} or newer is needed`,
    });
  }

  async readIdentity(): Promise<{ user: string | null; name: string | null; kind: string | null }> {
    const asked = "SELECT CURRENT_USER() AS user, DATABASE() AS name, VERSION() AS version";
    const [row = {}] = await this.transact("read", (session) => session.rows(asked));
    const version = row["version"] ?? "";
    const kind = version.includes("MariaDB") ? `MariaDB ${version.replace(/-MariaDB.*$/, "")}` : `MySQL ${version}`;
    return { user: row["user"] ?? null, name: row["name"] ?? null, kind };
  }

  protected async begin(connection: Connection, kind: TransactionKind): Promise<MysqlSession> {
    const session = new MysqlSession(connection);
    for (const statement of begins[kind]) await session.rows(statement);
    return session;
  }

  protected async commit(connection: Connection): Promise<void> {
    await new MysqlSession(connection).rows("COMMIT");
  }

  protected end(connection: Connection): void {
    connection.destroy();
  }

  protected faultOf(error: unknown): unknown {
    return faultOf(error, true);
  }

  protected async open(forget: (connection: Connection) => void): Promise<Connection> {
    const { address, user, password, caFile } = this.connection;
    const { host, port, database } = address;
    const isHere = isSocket(address) || isLoopback(host);
    if (!isHere) requireName(this.connection);
    const connection = createConnection({
      ...(isSocket(address) ? { socketPath: host } : { host, port }),
      ...{ database, user, charset: "utf8mb4", maxPreparedStatements: preparedMax, connectTimeout: connectMsMax },
      ...(password === undefined ? {} : { password: password.resolve(this.context.environment).reveal() }),
      // Without verifyIdentity, mysql2 takes a certificate of any name.
      ...(isHere
        ? {}
        : {
            ssl: {
              rejectUnauthorized: true,
              verifyIdentity: true,
              ...(caFile === undefined ? {} : { ca: readFileSync(caFile, "utf8") }),
            },
          }),
      // The server never asks for a file of ours.
      flags: ["-LOCAL_FILES"],
      multipleStatements: false,
    });
    // One that breaks while it is idle is told by its next statement.
    connection.on("error", () => forget(connection));
    try {
      await new Promise<void>((resolve, reject) => {
        connection.connect((error) => (error === null || error === undefined ? resolve() : reject(error)));
      });
      await new MysqlSession(connection).rows(settings);
      return connection;
    } catch (error) {
      connection.destroy();
      throw faultOf(error, false);
    }
  }

  protected cancel(connection: Connection): void {
    void this.#kill(connection);
  }

  /** Over a connection of its own: one that works on a statement hears nothing else. */
  async #kill(connection: Connection): Promise<void> {
    try {
      const other = await this.open(() => undefined);
      await new MysqlSession(other).rows(`KILL QUERY ${Number(connection.threadId)}`);
      other.destroy();
    } catch {
      // It ends with its connection.
    }
    connection.destroy();
  }

  protected explainFault(fault: CallFault, doing: string): Failure {
    return explainFault(fault, doing, this.connection);
  }
}
