// A PostgreSQL server of our own, on loopback and over a socket, for what only the real one can show. In: nothing. Out: a
// port, a role with a password, a database to fill. Needs PostgreSQL's programs, which .ci/run installs.

import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, chownSync, globSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";
import { makeOnce } from "./made-once.ts";
import { freePort } from "./sshd.ts";

const [server] = globSync("/usr/lib/postgresql/*/bin/postgres").sort().reverse();

/** For `describe.skipIf`. */
export const hasPostgres = server !== undefined;

export interface PostgresServer extends AsyncDisposable {
  port: number;
  /** With the socket. */
  folder: string;
  role: string;
  password: string;
  database: string;
  /** As its owner, in the database. */
  query(sql: string, values?: unknown[]): Promise<Record<string, string | null>[]>;
  /** A connection of its own, to be ended. */
  connect(): Promise<pg.Client>;
  /** Ends the server, as a power cut does or in order, runs one of PostgreSQL's programs on its files, and starts it. */
  restart(how: "immediate" | "fast", program?: string, args?: readonly string[]): Promise<void>;
  /** A hot standby of it, which has replayed all that was written when it is given. */
  startStandby(): Promise<{ folder: string; port: number; replayed(): Promise<void> } & AsyncDisposable>;
}

const types = { getTypeParser: () => (text: string) => text };

export async function startPostgres(): Promise<PostgresServer> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "loadline-pg-")));
  const data = join(folder, "data");
  const owner = ownerOf(folder);
  makeOnce("pg-data", data, (made) =>
    run(owner, "initdb", ["-D", made, "-A", "trust", "-U", "owner", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]),
  );
  const port = await freePort();
  const settings = `listen_addresses = '127.0.0.1'\nport = ${port}\nunix_socket_directories = '${folder}'\nfsync = off\nmax_connections = 40\n`;
  appendFileSync(join(data, "postgresql.conf"), settings);
  const rules =
    "local all all trust\nlocal replication all trust\nhost all owner 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
  run(owner, "sh", ["-c", `printf '%s' "$0" > ${data}/pg_hba.conf`, rules]);
  const start = () => run(owner, "pg_ctl", ["-D", data, "-w", "-s", "-l", join(data, "log"), "start"]);
  start();
  const [role, password, database] = ["etl", "a password of the tests", "crm"] as const;
  const connect = async (name = database as string) => {
    const client = new pg.Client({ host: folder, port, user: "owner", database: name, types });
    client.on("error", () => undefined);
    await client.connect();
    return client;
  };
  const first = await connect("postgres");
  await first.query(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
  for (const name of [database, "other"]) await first.query(`CREATE DATABASE ${name} OWNER ${role}`);
  await first.end();
  let client = await connect();
  return {
    ...{ port, folder, role, password, database },
    query: async (sql, values = []) => (await client.query(sql, values)).rows as Record<string, string | null>[],
    connect: () => connect(),
    async restart(how, program, args = []) {
      run(owner, "pg_ctl", ["-D", data, "-m", how, "-w", "-s", "stop"]);
      if (program !== undefined) run(owner, program, ["-D", data, ...args]);
      start();
      client = await connect();
    },
    async startStandby() {
      const copy = join(folder, "standby");
      const own = await freePort();
      run(owner, "pg_basebackup", [
        "-D",
        copy,
        "-R",
        "-X",
        "stream",
        "-c",
        "fast",
        "-h",
        folder,
        "-p",
        `${port}`,
        "-U",
        "owner",
      ]);
      run(owner, "pg_ctl", ["-D", copy, "-w", "-s", "-l", join(copy, "log"), "-o", `-p ${own}`, "start"]);
      const standby = new pg.Client({ host: folder, port: own, user: "owner", database, types });
      await standby.connect();
      return {
        ...{ folder, port: own },
        async replayed() {
          const [row] = (await client.query("SELECT pg_current_wal_insert_lsn() AS at")).rows as { at: string }[];
          const isBehind = "SELECT pg_last_wal_replay_lsn() < CAST($1 AS pg_lsn) AS behind";
          while ((await standby.query(isBehind, [row?.at])).rows[0]?.behind === "t");
        },
        async [Symbol.asyncDispose]() {
          await standby.end();
          run(owner, "pg_ctl", ["-D", copy, "-m", "immediate", "-s", "stop"]);
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await client.end();
      run(owner, "pg_ctl", ["-D", data, "-m", "immediate", "-s", "stop"]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The server refuses to be root. */
function ownerOf(folder: string): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const [uid = 0, gid = 0] = ["-u", "-g"].map((flag) =>
    Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" })),
  );
  chownSync(folder, uid, gid);
  return { uid, gid };
}

function run(owner: { uid: number; gid: number } | undefined, program: string, args: string[]): void {
  const path = program === "sh" ? "/bin/sh" : join(dirname(server ?? ""), program);
  // A server that was started keeps what it was given as its output.
  const { status, stderr } = spawnSync(path, args, {
    ...owner,
    stdio: ["ignore", "ignore", program === "pg_ctl" ? "ignore" : "pipe"],
  });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${String(stderr)}`);
}
