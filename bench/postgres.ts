// loadline's PostgreSQL connector beside psql and pg_dump, against one server on a socket: a table of nine columns read, and
// loaded into an empty one with a primary key. In: `node bench/postgres.ts [--rows <n>] [--repeats <n>]`; wants PostgreSQL's
// server and programs. Out: a Markdown table with medians, ratios and peak memory; by the clock, and by the processor's
// seconds of the server and of the client. What must hold: contenders take turns over the same rows, and what arrived is
// counted before anything is reported.

import { execFileSync } from "node:child_process";
import {
  createReadStream,
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import { parseArgs } from "node:util";
import { definitionOf } from "../src/connectors/postgres/marks.ts";
import { startPostgres } from "../test/support/postgres.ts";
import { type Measurement, median } from "./measure.ts";

const { values } = parseArgs({
  options: { rows: { type: "string", default: "1000000" }, repeats: { type: "string", default: "3" } },
});
const rows = Number(values.rows);
const batchRows = 10_000;
/** Of the times in /proc. */
const ticksOfSecond = 100;

const columns = `id bigint PRIMARY KEY, code text NOT NULL, title text, city text, amount numeric(18, 2), price double precision, active boolean, born date, seen timestamptz`;

await using server = await startPostgres();
const folder = mkdtempSync(join(tmpdir(), "loadline-bench-"));
const psql = (...args: string[]) =>
  execFileSync(
    "psql",
    ["-h", server.folder, "-p", String(server.port), "-U", "etl", "-d", "crm", "-q", "-v", "ON_ERROR_STOP=1", ...args],
    { maxBuffer: 1 << 30 },
  );

try {
  await server.query(`GRANT CREATE ON SCHEMA public TO etl; ${definitionOf("etl")}`);
  await server.query(`SET ROLE etl; CREATE TABLE big (${columns}); CREATE TABLE loaded (${columns});
    INSERT INTO big SELECT n, 'C' || lpad(CAST(n AS text), 8, '0'), 'Title of ' || md5(CAST(n AS text)), 'City ' || n % 300, n * 1.25, n / 7.0, n % 2 = 0,
      DATE '2000-01-01' + CAST(n % 9000 AS int), TIMESTAMPTZ '2026-01-01 00:00:00+00' + n * INTERVAL '1.234567 s' FROM generate_series(1, ${rows}) n; ANALYZE big; RESET ROLE`);
  const url = `postgres://${encodeURIComponent(server.folder)}:${server.port}/crm`;
  writeFileSync(
    join(folder, "connections.yaml"),
    `version: 1\nconnections:\n  crm: { type: postgres, url: "${url}", auth: { user: etl } }\n`,
  );
  const rendered = `SELECT id, code, title, city, amount, price, active, born, to_json(seen) #>> '{}' AS seen FROM big ORDER BY id`;
  psql("-c", `\\copy (${rendered}) TO '${folder}/all.csv' WITH (FORMAT csv, HEADER true)`);
  await cutBatches();
  await compare();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function cutBatches(): Promise<void> {
  let file: ReturnType<typeof createWriteStream> | undefined;
  let header: string | undefined;
  let row = 0;
  for await (const line of createInterface({ input: createReadStream(join(folder, "all.csv")) })) {
    if (header === undefined) {
      header = line;
      continue;
    }
    if (row % batchRows === 0) {
      file?.end();
      if (file !== undefined) await finished(file);
      file = createWriteStream(join(folder, `batch-${String(row / batchRows).padStart(5, "0")}.csv`));
      file.write(`${header}\n`);
    }
    file?.write(`${line}\n`);
    row += 1;
  }
  file?.end();
  if (file !== undefined) await finished(file);
}

interface Shared extends Measurement {
  serverSeconds: number;
}

/** Processor time of a process, and of its children that have ended; in seconds. Linux. */
function cpuOf(pid: number | string): { own: number; ended: number; parent: string } {
  try {
    const cells = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    const at = (index: number) => Number(cells[index]) / ticksOfSecond;
    return { own: at(11) + at(12), ended: at(13) + at(14), parent: cells[1] ?? "" };
  } catch {
    return { own: 0, ended: 0, parent: "" };
  }
}

/** Of all processes of the server, those that have ended too. */
function serverSeconds(): number {
  const [first = ""] = readFileSync(join(server.folder, "data/postmaster.pid"), "utf8").split("\n");
  const { own, ended } = cpuOf(first);
  const alive = readdirSync("/proc").map(cpuOf);
  return own + ended + alive.filter(({ parent }) => parent === first).reduce((sum, one) => sum + one.own, 0);
}

function timed(act: () => unknown): Shared {
  const start = performance.now();
  const before = { server: serverSeconds(), client: cpuOf("self").ended };
  act();
  const seconds = (performance.now() - start) / 1000;
  // The server's process of a client that is gone ends a moment later.
  execFileSync("sleep", ["0.3"]);
  const cpuSeconds = cpuOf("self").ended - before.client;
  return { seconds, cpuSeconds, serverSeconds: serverSeconds() - before.server, peakRssMb: 0 };
}

/** Without the start of its process. */
function ours(what: "extract" | "load", into: string): Shared {
  const program = join(import.meta.dirname, "postgres-part.ts");
  let told = "{}";
  const around = timed(() => {
    told = execFileSync(process.execPath, [program, what, folder, into], { encoding: "utf8" });
  });
  return { ...around, ...(JSON.parse(told) as Measurement) };
}

async function compare(): Promise<void> {
  const merge = `CREATE TEMP TABLE staged (LIKE loaded); \\copy staged FROM '${folder}/all.csv' WITH (FORMAT csv, HEADER true)
INSERT INTO loaded SELECT * FROM staged ON CONFLICT (id) DO UPDATE SET (code, title, city, amount, price, active, born, seen) = (excluded.code, excluded.title, excluded.city, excluded.amount, excluded.price, excluded.active, excluded.born, excluded.seen)
  WHERE (loaded.*) IS DISTINCT FROM (excluded.*);`;
  writeFileSync(join(folder, "merge.sql"), merge.replace("; \\copy", ";\n\\copy"));
  const dump = () =>
    execFileSync("pg_dump", [
      "-h",
      server.folder,
      "-p",
      String(server.port),
      "-U",
      "etl",
      "-t",
      "big",
      "-f",
      join(folder, "dump.sql"),
      "crm",
    ]);
  const contenders: Record<string, () => Shared> = {
    "psql \\copy TO, CSV": () =>
      timed(() => psql("-c", `\\copy big TO '${folder}/copied.csv' WITH (FORMAT csv, HEADER true)`)),
    pg_dump: () => timed(dump),
    "loadline, extract": () => ours("extract", freshFolder("part")),
    "COPY into a staging table and merge by hand": () => timed(() => psql("-1", "-f", join(folder, "merge.sql"))),
    "loadline, batches of 10,000 with their marks": () => ours("load", folder),
  };
  const measured = new Map<string, Shared[]>();
  for (let repeat = 0; repeat < Number(values.repeats); repeat += 1) {
    for (const [name, run] of Object.entries(contenders)) {
      await server.query("TRUNCATE loaded; CHECKPOINT");
      measured.set(name, [...(measured.get(name) ?? []), run()]);
      const [found] = await server.query("SELECT count(*) AS n FROM loaded");
      if (name.includes("merge") || name.includes("batches"))
        if (Number(found?.["n"]) !== rows) throw new Error(`${name}: ${found?.["n"]} rows`);
    }
  }
  const middle = (name: string, of: (one: Shared) => number) => median((measured.get(name) ?? []).map(of));
  const seconds = (name: string) => middle(name, (one) => one.seconds);
  const cpu = (name: string) => middle(name, (one) => one.cpuSeconds + one.serverSeconds);
  const lines = [...measured].map(([name, all]) => {
    const peak = Math.max(...all.map(({ peakRssMb }) => peakRssMb));
    const [served, client] = [middle(name, (one) => one.serverSeconds), middle(name, (one) => one.cpuSeconds)];
    return `| ${name} | ${seconds(name).toFixed(2)} | ${Math.round(rows / seconds(name) / 1000)} | ${served.toFixed(2)} | ${client.toFixed(2)} | ${peak === 0 ? "" : Math.round(peak)} |`;
  });
  const [copy = "", dumped = "", extract = "", hand = "", load = ""] = Object.keys(contenders);
  const ratios = (of: (name: string) => number) =>
    `extract: ${(of(copy) / of(extract)).toFixed(2)} of \\copy, ${(of(dumped) / of(extract)).toFixed(2)} of pg_dump; load: ${(of(hand) / of(load)).toFixed(2)} of COPY and merge by hand`;
  process.stdout.write(
    `### ${rows.toLocaleString("en")} rows of 9 columns, median of ${values.repeats}\n\n| | seconds | thousand rows/s | CPU seconds of the server | of the client | peak RSS, MB |\n|---|---|---|---|---|---|\n${lines.join("\n")}\n\nBy the clock: ${ratios(seconds)}.\nBy CPU: ${ratios(cpu)}.\n`,
  );
}

function freshFolder(name: string): string {
  const path = join(folder, name);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
  return path;
}
