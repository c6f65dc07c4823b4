// A MariaDB server of our own, on loopback and over a socket, for what only the real one can show. In: nothing. Out: a port, a
// user with a password, a database to fill. Needs MariaDB's programs, which .ci/run installs.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { createConnection } from "mysql2/promise";
import { makeOnce } from "./made-once.ts";
import { freePort } from "./sshd.ts";

const program = "/usr/sbin/mariadbd";
/** It is copied, and as large as it may be from the beginning. */
const smallLog = "--innodb-log-file-size=16M";

/** For `describe.skipIf`. */
export const hasMariadb = existsSync(program);

type Row = Record<string, string | null>;

/** A connection of its own, to be ended. */
interface MariadbClient {
  query(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  end(): Promise<void>;
}

export interface MariadbServer extends AsyncDisposable {
  port: number;
  /** Of the socket. */
  socket: string;
  user: string;
  password: string;
  database: string;
  /** As the server's owner, in the database; several statements where there are no values. */
  query(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  connect(): Promise<MariadbClient>;
}

/** `more`: options of the server. */
export async function startMariadb(more: readonly string[] = []): Promise<MariadbServer> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "loadline-my-")));
  const data = join(folder, "data");
  const socket = join(folder, "socket");
  const owner = userInfo().username;
  makeOnce("my-data", data, (made) => {
    const how = [`--user=${owner}`, "--auth-root-authentication-method=normal", "--skip-test-db", smallLog];
    const installed = spawnSync("/usr/bin/mariadb-install-db", ["--no-defaults", `--datadir=${made}`, ...how], {
      encoding: "utf8",
    });
    if (installed.status !== 0) throw new Error(`mariadb-install-db: ${installed.stdout}${installed.stderr}`);
  });
  const port = await freePort();
  const settings = ["--bind-address=127.0.0.1", `--port=${port}`, `--socket=${socket}`, `--pid-file=${folder}/pid`];
  const small = [smallLog, "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M", "--skip-log-bin"];
  const server = spawn(
    program,
    ["--no-defaults", `--datadir=${data}`, `--user=${owner}`, ...settings, ...small, ...more, "--skip-name-resolve"],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  // It says so once it listens.
  let said = "";
  for await (const bytes of server.stderr) {
    said += String(bytes);
    if (said.includes("ready for connections")) break;
  }
  if (!said.includes("ready for connections")) throw new Error(`mariadbd: ${said}`);
  server.stderr.resume();
  const [user, password, database] = ["etl", "a password of the tests", "crm"] as const;
  const connect = async (): Promise<MariadbClient> => {
    const client = await createConnection({
      ...{ socketPath: socket, user: "root", multipleStatements: true, charset: "utf8mb4", timezone: "Z" },
      typeCast: (field) => field.string("utf8"),
    });
    client.on("error", () => undefined);
    await client.query(`SET time_zone = '+00:00'; CREATE DATABASE IF NOT EXISTS ${database}; USE ${database}`);
    return {
      query: async (sql, values = []) => (await client.query(sql, values as unknown[]))[0] as unknown as Row[],
      end: () => client.end(),
    };
  };
  const client = await connect();
  await client.query(`CREATE DATABASE other; CREATE USER ${user}@'%' IDENTIFIED BY '${password}';
    GRANT ALL ON ${database}.* TO ${user}@'%'; GRANT ALL ON other.* TO ${user}@'%'`);
  return {
    ...{ port, socket, user, password, database },
    query: (sql, values) => client.query(sql, values),
    connect,
    async [Symbol.asyncDispose]() {
      await client.end();
      server.kill("SIGKILL");
      await once(server, "exit");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
