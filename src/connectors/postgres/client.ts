// Sessions of a PostgreSQL database. In: a connection. Out: transactions, each with the settings by which values come as they
// are stored. Must hold: a session is in no transaction when it is used again; one that failed in any way is not; what runs
// is cancelled on the server when the run is stopped.

import { readFileSync } from "node:fs";
import { Client, type ClientConfig, type QueryResult } from "pg";
import type { Failure } from "../../core/errors.ts";
import { isLoopback } from "../../core/loopback.ts";
import type { CallFault } from "../../http/outcome.ts";
import type { CopiedRows, Row, SqlSession, TransactionKind } from "../sql/dialect.ts";
import { ServerClient } from "../sql/server.ts";
import { isSocket } from "../sql/url.ts";
import type { PostgresConnection } from "./connection.ts";
import { copyIntoFile } from "./copy-out.ts";
import { explainFault, faultOf } from "./faults.ts";
import { readPassword } from "./password.ts";

const connectMsMax = 30_000;

/** Values as the server writes them: no Date, no number of JavaScript. */
const asText: NonNullable<ClientConfig["types"]> = { getTypeParser: () => (text: string) => text };

/**
 * Every digit, every microsecond, in UTC. A server that looks after its clients ends a statement whose client has gone
 * (PostgreSQL 14, https://www.postgresql.org/docs/current/runtime-config-connection.html).
 */
const settings = `SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'iso_8601';
  SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1; SET LOCAL idle_in_transaction_session_timeout = '10min';
  SELECT set_config(name, '250', true) FROM pg_catalog.pg_settings WHERE name = 'client_connection_check_interval';
  SELECT pg_backend_pid() AS pid`;

const begins = {
  read: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
  // Whether it may write is said by the server: default_transaction_read_only is somebody's wish.
  write: "BEGIN ISOLATION LEVEL READ COMMITTED",
  history: "BEGIN ISOLATION LEVEL READ COMMITTED",
};

export class PostgresSession implements SqlSession {
  readonly client: Client;

  constructor(client: Client) {
    this.client = client;
  }

  /** One statement, with values for $1, $2, …: never several, whatever stands in it. */
  query(text: string, values: readonly (string | null)[] = []): Promise<QueryResult<Row>> {
    return this.client.query<Row>({ text, values: [...values], queryMode: "extended" } as { text: string });
  }

  async rows(text: string, values: readonly (string | null)[] = []): Promise<Row[]> {
    return (await this.query(text, values)).rows;
  }
}

/** Copies a SELECT into a CSV file: an empty text in quotes, nothing at all for NULL. */
export function copyOut(
  { client }: PostgresSession,
  select: string,
  path: string,
  signal: AbortSignal,
): Promise<CopiedRows> {
  const copy = `COPY (${select}) TO STDOUT WITH (FORMAT csv, HEADER true, ENCODING 'UTF8')`;
  return copyIntoFile(client, copy, path, signal);
}

export class PostgresClient extends ServerClient<PostgresConnection, Client, PostgresSession> {
  /** Behind a pooler a transaction's process is known once it has begun, and is not the connection's. */
  readonly #pids = new WeakMap<Client, string>();
  #orgId = "";

  get orgId(): string {
    return this.#orgId;
  }

  /** Throws a Failure: 8 where the role is refused, 75 where nobody answers. */
  async connect(): Promise<void> {
    const asked = `SELECT current_database() AS database, (SELECT oid FROM pg_database WHERE datname = current_database()) AS oid,
      (SELECT system_identifier FROM pg_control_system()) AS system, rolsuper FROM pg_roles WHERE rolname = current_user`;
    const [row = {}] = await this.explain("the sign-in", () => this.transact("read", (session) => session.rows(asked)));
    // A copy of the database's files, a standby, has the same: it is the same data.
    this.#orgId = `${row["system"]}/${row["oid"]}`;
    if (row["rolsuper"] === "t") {
      this.warnings.push(`${this.name}: the role is a superuser; give loadline one that may do what the jobs do`);
    }
  }

  async readIdentity(): Promise<{ user: string | null; name: string | null; kind: string | null }> {
    const asked =
      "SELECT current_user AS role, current_database() AS name, current_setting('server_version') AS version";
    const [row = {}] = await this.transact("read", (session) => session.rows(asked));
    return { user: row["role"] ?? null, name: row["name"] ?? null, kind: `PostgreSQL ${row["version"]}` };
  }

  protected async begin(client: Client, kind: TransactionKind): Promise<PostgresSession> {
    this.#pids.delete(client);
    const begun: unknown = await client.query(`${begins[kind]}; ${settings}`);
    const pid = (begun as QueryResult<Row>[]).at(-1)?.rows[0]?.["pid"];
    if (pid != null) this.#pids.set(client, pid);
    return new PostgresSession(client);
  }

  protected async commit(client: Client): Promise<void> {
    await client.query("COMMIT");
  }

  protected end(client: Client): void {
    void client.end().catch(() => undefined);
  }

  protected faultOf(error: unknown, kind: TransactionKind): unknown {
    return faultOf(error, true, kind);
  }

  protected async open(forget: (client: Client) => void): Promise<Client> {
    const { address, user, caFile } = this.connection;
    const isHere = isSocket(address) || isLoopback(address.host);
    const client = new Client({
      ...address,
      user,
      password: () => readPassword(this.connection, this.context.environment)?.reveal() ?? "",
      ssl: isHere
        ? false
        : { rejectUnauthorized: true, ...(caFile === undefined ? {} : { ca: readFileSync(caFile, "utf8") }) },
      application_name: "loadline",
      client_encoding: "UTF8",
      connectionTimeoutMillis: connectMsMax,
      keepAlive: true,
      types: asText,
    });
    // One that breaks while it is idle is told by its next statement.
    client.on("error", () => forget(client));
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      throw faultOf(error, false);
    }
  }

  protected cancel(client: Client): void {
    void this.#cancelStatement(client, this.#pids.get(client));
  }

  /** Over a connection of its own: one that works on a statement hears nothing else. */
  async #cancelStatement(client: Client, pid: string | undefined): Promise<void> {
    try {
      if (pid !== undefined) {
        const other = await this.open(() => undefined);
        await other.query(`SELECT pg_cancel_backend(${Number(pid)})`);
        await other.end();
      }
    } catch {
      // It ends with its connection.
    }
    await client.end().catch(() => undefined);
  }

  protected explainFault(fault: CallFault, doing: string): Failure {
    return explainFault(fault, doing, this.connection);
  }
}
