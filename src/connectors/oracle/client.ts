// Sessions of an Oracle database. In: a connection. Out: transactions, in sessions with the settings by which values come and go
// as they are. Must hold: a reader sees one state of the database and writes nothing.

import type { Connection } from "oracledb";
import type { ConnectionContext } from "../../contract/connection.ts";
import { type Failure, usageFailure } from "../../core/errors.ts";
import { isLoopback } from "../../core/loopback.ts";
import type { CallFault } from "../../http/outcome.ts";
import type { TransactionKind } from "../sql/dialect.ts";
import { loadDriver } from "../sql/driver.ts";
import { ServerClient } from "../sql/server.ts";
import type { DatabaseAddress } from "../sql/url.ts";
import type { OracleConnection } from "./connection.ts";
import { explainFault, faultOf } from "./faults.ts";
import { type Oracledb, OracleSession } from "./session.ts";

/** In UTC, by bytes, with a point, whatever the client's locale is. */
const settings = `ALTER SESSION SET TIME_ZONE = '+00:00' NLS_NUMERIC_CHARACTERS = '.,' NLS_COMP = BINARY NLS_SORT = BINARY
  NLS_CALENDAR = GREGORIAN NLS_DATE_LANGUAGE = AMERICAN NLS_TERRITORY = AMERICA`;

const begins = {
  read: "SET TRANSACTION READ ONLY",
  write: "SET CONSTRAINTS ALL IMMEDIATE",
  history: "SET CONSTRAINTS ALL IMMEDIATE",
};

/** JSON_TABLE and JSON_ARRAY: Oracle 12.2. */
const oldest = [12, 2] as const;

const asked = `SELECT SYS_CONTEXT('USERENV', 'SESSION_USER') AS "user", SYS_CONTEXT('USERENV', 'DB_NAME') AS "name",
  (SELECT MAX(version) FROM product_component_version WHERE product LIKE 'Oracle%') AS "version",
  (SELECT value FROM nls_database_parameters WHERE parameter = 'NLS_CHARACTERSET') AS "characters",
  SYS_CONTEXT('USERENV', 'ISDBA') AS "admin" FROM dual`;

export async function openClient(connection: OracleConnection, context: ConnectionContext): Promise<OracleClient> {
  const driver = await loadDriver("oracledb", connection, () => import("oracledb"));
  return new OracleClient(driver.default, connection, context);
}

export class OracleClient extends ServerClient<OracleConnection, Connection, OracleSession> {
  readonly #driver: Oracledb;
  #orgId = "";

  constructor(driver: Oracledb, connection: OracleConnection, context: ConnectionContext) {
    super(connection, context);
    this.#driver = driver;
  }

  get orgId(): string {
    return this.#orgId;
  }

  /** Throws a Failure: 2 where the server is too old, 8 where the user is refused, 75 where nobody answers. */
  async connect(): Promise<void> {
    const [row = {}] = await this.explain("the sign-in", () => this.transact("read", (session) => session.rows(asked)));
    const version = row["version"] ?? "";
    const [major = 0, minor = 0] = version.split(".").map(Number);
    if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
      throw usageFailure(`${this.name}: Oracle ${version} is too old`, {
        where: this.connection.place,
        next: "Oracle 12.2 or newer is needed",
      });
    }
    const { host, port, database } = this.connection.address;
    // A server has no name that stays when another one takes over: its address does.
    this.#orgId = `${host}:${port}/${database}`;
    if (row["admin"] === "TRUE") {
      this.warnings.push(`${this.name}: the user is a DBA; give loadline one that may do what the jobs do`);
    }
  }

  async readIdentity(): Promise<{ user: string | null; name: string | null; kind: string | null }> {
    const [row = {}] = await this.transact("read", (session) => session.rows(asked));
    return { user: row["user"] ?? null, name: row["name"] ?? null, kind: `Oracle ${row["version"]}` };
  }

  protected async open(): Promise<Connection> {
    const { address, user, password, place } = this.connection;
    try {
      const connection = await this.#driver.getConnection({
        user,
        password: password?.resolve(this.context.environment).reveal() ?? "",
        connectString: descriptorOf(address, place),
      });
      await connection.execute(settings, {});
      return connection;
    } catch (error) {
      throw faultOf(error, false);
    }
  }

  protected async begin(connection: Connection, kind: TransactionKind): Promise<OracleSession> {
    await connection.execute(begins[kind], {});
    return new OracleSession(this.#driver, connection);
  }

  protected commit(connection: Connection): Promise<void> {
    return connection.commit();
  }

  protected end(connection: Connection): void {
    connection.close({ drop: true }).catch(() => undefined);
  }

  protected cancel(connection: Connection): void {
    connection.break().catch(() => undefined);
  }

  protected faultOf(error: unknown): unknown {
    return faultOf(error, true);
  }

  protected explainFault(fault: CallFault, doing: string): Failure {
    return explainFault(fault, doing, this.connection);
  }
}

/** TLS but on this machine, with the name of the server verified. What is no name would be a part of the descriptor. */
export function descriptorOf({ host, port, database }: DatabaseAddress, where: OracleConnection["place"]): string {
  const isPlain = /^[\w.:-]+$/.test(host) && /^[\w.$#-]+$/.test(database);
  if (!isPlain) throw usageFailure("url: the host or the service has characters that no name has", { where });
  const protocol = isLoopback(host) ? "TCP" : "TCPS";
  const security = protocol === "TCP" ? "" : "(SECURITY=(SSL_SERVER_DN_MATCH=YES))";
  return `(DESCRIPTION=(CONNECT_TIMEOUT=30)(ADDRESS=(PROTOCOL=${protocol})(HOST=${host})(PORT=${port}))(CONNECT_DATA=(SERVICE_NAME=${database}))${security})`;
}
