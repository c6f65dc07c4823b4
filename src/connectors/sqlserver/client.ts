// Sessions of a database of SQL Server. In: a connection. Out: transactions, in sessions with the settings by which values come
// and go as they are. Must hold: a reader sees one state of the database, by a snapshot or by locks.

import { readFileSync } from "node:fs";
import type { Connection } from "tedious";
import type { ConnectionContext } from "../../contract/connection.ts";
import { type Failure, usageFailure } from "../../core/errors.ts";
import { isLoopback } from "../../core/loopback.ts";
import type { CallFault } from "../../http/outcome.ts";
import { requireName } from "../sql/connection.ts";
import type { TransactionKind } from "../sql/dialect.ts";
import { loadDriver } from "../sql/driver.ts";
import { ServerClient } from "../sql/server.ts";
import type { SqlserverConnection } from "./connection.ts";
import { explainFault, faultOf } from "./faults.ts";
import { SqlserverSession, type Tedious } from "./session.ts";

const connectMsMax = 30_000;

/**
 * Whatever the server's own settings are: a row that is refused costs its statement and no other, a value that does not fit is
 * an error, no text is cut (https://learn.microsoft.com/en-us/sql/t-sql/statements/set-statements-transact-sql).
 */
const settings = `SET LANGUAGE us_english; SET DATEFORMAT ymd; SET XACT_ABORT OFF; SET IMPLICIT_TRANSACTIONS OFF;
  SET ANSI_NULLS ON; SET ANSI_WARNINGS ON; SET ANSI_PADDING ON; SET CONCAT_NULL_YIELDS_NULL ON; SET QUOTED_IDENTIFIER ON;
  SET ARITHABORT ON; SET NUMERIC_ROUNDABORT OFF; SET NOCOUNT OFF; SET ROWCOUNT 0; SET TEXTSIZE 2147483647;
  SET LOCK_TIMEOUT 600000`;

/** STRING_ESCAPE, OPENJSON, floats in full: SQL Server 2016. */
const oldest = 13;

const asked = `SELECT CONVERT(nvarchar(200), @@SERVERNAME) AS server, DB_NAME() AS name,
  CONVERT(nvarchar(40), SERVERPROPERTY('ProductVersion')) AS version, CONVERT(nvarchar(1), d.snapshot_isolation_state) AS snapshots,
  CONVERT(nvarchar(1), IS_SRVROLEMEMBER('sysadmin')) AS admin, SUSER_SNAME() AS login
  FROM sys.databases d WHERE d.database_id = DB_ID()`;

export async function openClient(
  connection: SqlserverConnection,
  context: ConnectionContext,
): Promise<SqlserverClient> {
  const driver = await loadDriver("tedious", connection, () => import("tedious"));
  return new SqlserverClient(driver, connection, context);
}

export class SqlserverClient extends ServerClient<SqlserverConnection, Connection, SqlserverSession> {
  readonly #driver: Tedious;
  #hasSnapshots = false;
  #orgId = "";

  constructor(driver: Tedious, connection: SqlserverConnection, context: ConnectionContext) {
    super(connection, context);
    this.#driver = driver;
  }

  get orgId(): string {
    return this.#orgId;
  }

  /** Throws a Failure: 2 where the server is too old, 8 where the user is refused, 75 where nobody answers. */
  async connect(): Promise<void> {
    const [row = {}] = await this.explain("the sign-in", () =>
      this.transact("write", (session) => session.rows(asked)),
    );
    const version = row["version"] ?? "";
    if (Number.parseInt(version, 10) < oldest) {
      throw usageFailure(`${this.name}: SQL Server ${version} is too old`, {
        where: this.connection.place,
        next: "SQL Server 2016 (13.0) or newer is needed",
      });
    }
    const { host, port } = this.connection.address;
    // A server has no name that stays when another one takes over: its address does.
    this.#orgId = `${host}:${port}/${row["name"]}`;
    this.#hasSnapshots = row["snapshots"] === "1";
    if (!this.#hasSnapshots) {
      const way = `ALTER DATABASE ${row["name"]} SET ALLOW_SNAPSHOT_ISOLATION ON`;
      this.warnings.push(`${this.name}: the database has no snapshots, so that writers wait for what is read: ${way}`);
    }
    if (row["admin"] === "1") {
      this.warnings.push(`${this.name}: the login is a sysadmin; give loadline one that may do what the jobs do`);
    }
  }

  async readIdentity(): Promise<{ user: string | null; name: string | null; kind: string | null }> {
    const [row = {}] = await this.transact("write", (session) => session.rows(asked));
    return { user: row["login"] ?? null, name: row["name"] ?? null, kind: `SQL Server ${row["version"]}` };
  }

  protected async open(forget: (connection: Connection) => void): Promise<Connection> {
    const connection = new this.#driver.Connection(this.#configuration());
    connection.on("error", () => forget(connection));
    connection.on("end", () => forget(connection));
    try {
      await new Promise<void>((resolve, reject) => {
        connection.connect((error) => (error === undefined || error === null ? resolve() : reject(error)));
      });
      await new SqlserverSession(this.#driver, connection).run(settings);
      return connection;
    } catch (error) {
      connection.close();
      throw faultOf(error, false);
    }
  }

  #configuration(): ConstructorParameters<Tedious["Connection"]>[0] {
    const { address, user, password, caFile } = this.connection;
    const { host, port, database } = address;
    const isHere = isLoopback(host);
    if (!isHere) requireName(this.connection);
    return {
      server: host,
      authentication: {
        type: "default",
        options: { userName: user, password: password?.resolve(this.context.environment).reveal() ?? "" },
      },
      options: {
        ...{ port, database, appName: "loadline", connectTimeout: connectMsMax, requestTimeout: 0 },
        // On this machine a certificate that nobody signed is what a server makes itself.
        ...{ encrypt: true, trustServerCertificate: isHere, abortTransactionOnError: false },
        ...(caFile === undefined ? {} : { cryptoCredentialsDetails: { ca: readFileSync(caFile, "utf8") } }),
      },
    };
  }

  protected async begin(connection: Connection, kind: TransactionKind): Promise<SqlserverSession> {
    const levels = this.#driver.ISOLATION_LEVEL;
    const snapshot = this.#hasSnapshots ? levels.SNAPSHOT : levels.SERIALIZABLE;
    const level = kind === "read" ? snapshot : levels.READ_COMMITTED;
    await new Promise<void>((resolve, reject) => {
      connection.beginTransaction((error) => (error ? reject(error) : resolve()), "loadline", level);
    });
    return new SqlserverSession(this.#driver, connection);
  }

  protected commit(connection: Connection): Promise<void> {
    return new Promise((resolve, reject) => {
      connection.commitTransaction((error) => (error ? reject(error) : resolve()));
    });
  }

  protected end(connection: Connection): void {
    connection.close();
  }

  /** By an attention of the protocol, which the server hears while it works. */
  protected cancel(connection: Connection): void {
    if (!connection.cancel()) connection.close();
  }

  protected faultOf(error: unknown): unknown {
    return faultOf(error, true);
  }

  protected explainFault(fault: CallFault, doing: string): Failure {
    return explainFault(fault, doing, this.connection);
  }
}
