// Batches of inserts into a table without a unique key, over connections that are cut: before COMMIT, and after it, when the
// server has written and nobody hears it. In: how many batches, whether the server remembers marks. Out: how many rows are
// lost and doubled. As a script: `npm run postgres:cuts -- [--batches 200] [--seed 1]`.

import { parseArgs } from "node:util";
import { definitionOf } from "../../src/connectors/postgres/marks.ts";
import { explain } from "../../src/core/errors.ts";
import { seededFraction } from "../../src/core/random.ts";
import { startPostgresRelay } from "../contract/postgres-relay.ts";
import { ContractProject } from "../contract/project.ts";
import type { ConnectorRig, Mishap } from "../contract/rig.ts";
import { moveJob } from "../support/database-project.ts";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";

export interface Cuts {
  batches: number;
  seed: number;
  /** False: marks that are written are thrown away, as if there were none. */
  remembers: boolean;
}

export interface Damage {
  cut: number;
  rows: number;
  lost: number;
  doubled: number;
}

const batchRows = 20;
/** Of a hundred writes, so many are cut before they take effect, and as many after. */
const percent = 15;

export async function cutBatches(server: PostgresServer, { batches, seed, remembers }: Cuts): Promise<Damage> {
  await server.query(`DROP SCHEMA IF EXISTS loadline CASCADE; DROP TABLE IF EXISTS sent; ${definitionOf(server.role)}
    CREATE TABLE sent (line text NOT NULL); GRANT ALL ON sent TO ${server.role}`);
  if (!remembers) {
    await server.query(`CREATE OR REPLACE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
      CREATE TRIGGER forgets BEFORE INSERT ON loadline.batch FOR EACH ROW EXECUTE FUNCTION forget()`);
  }
  await using relay = await startPostgresRelay(server.port, server.database);
  const connection = `    { type: postgres, url: "postgres://127.0.0.1:${relay.port}/${server.database}", auth: { user: ${server.role}, password: "\${PG_PASSWORD}" } }`;
  using project = new ContractProject({
    connection,
    environment: { PG_PASSWORD: server.password },
  } as unknown as ConnectorRig);
  const target = `connection: crm, table: sent, mode: insert, key: line, batch: { rows: ${batchRows} }`;
  const rows = batches * batchRows;
  project.write({
    "job.yaml": moveJob("connection: drop, files: in.csv", target, { line: "line" }),
    "drop/in.csv": `line\n${Array.from({ length: rows }, (_, index) => `line ${index}\n`).join("")}`,
  });
  const fraction = seededFraction(seed);
  // Three in a row would be tried no more: the run ends, and goes on as a new one.
  const armed = Array.from({ length: 2 * batches }, (_, index) => ({ nth: index + 1, drawn: fraction() * 100 }))
    .filter(({ drawn }) => drawn < 2 * percent)
    .map(({ nth, drawn }) => ({
      call: "write" as const,
      nth,
      mishap: (drawn < percent ? "cut before" : "cut after") as Mishap,
    }));
  relay.arm(armed);
  const ended = await project.runToTheEnd("job.yaml");
  if (ended.summary.exitCode !== 0) throw new Error(explain(ended.error));
  const [found] = await server.query("SELECT count(*) AS rows, count(DISTINCT line) AS lines FROM sent");
  const [held, lines] = [Number(found?.["rows"]), Number(found?.["lines"])];
  return { cut: relay.met, rows, lost: rows - lines, doubled: held - lines };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { batches: { type: "string", default: "200" }, seed: { type: "string", default: "1" } },
  });
  await using server = await startPostgres();
  for (const remembers of [true, false]) {
    const damage = await cutBatches(server, { batches: Number(values.batches), seed: Number(values.seed), remembers });
    const { rows, cut, lost, doubled } = damage;
    process.stdout.write(
      `${remembers ? "with marks" : "marks thrown away"}: ${values.batches} batches, ${rows} rows, ${cut} connections cut: ${lost} lost, ${doubled} doubled\n`,
    );
  }
}
