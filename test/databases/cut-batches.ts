// Batches of inserts into a table without a unique key, over connections that are cut: before COMMIT, and after it, when the
// server has written and nobody hears it. Of a database that is a file, the process is killed there in their place. In: which
// database, how many batches, whether it remembers marks. Out: how many rows are lost and doubled. As a script:
// `npm run databases:cuts -- [--of postgres|mysql|sqlite] [--batches 200] [--seed 1]`.

import { join } from "node:path";
import { parseArgs } from "node:util";
import { explain } from "../../src/core/errors.ts";
import { seededFraction } from "../../src/core/random.ts";
import type { DatabaseRelay } from "../contract/database-relay.ts";
import { ContractProject } from "../contract/project.ts";
import type { ConnectorRig, Mishap } from "../contract/rig.ts";
import { repository } from "../support/child.ts";
import { moveJob } from "../support/database-project.ts";
import { type CutDatabase, type DatabaseName, databases } from "./cut-databases.ts";

export interface Cuts {
  batches: number;
  seed: number;
  /** False: marks that are written are not found again, as if there were none. */
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

export async function cutBatches(database: CutDatabase, { batches, seed, remembers }: Cuts): Promise<Damage> {
  const { connection, environment, relay } = await database.prepare(remembers);
  using project = new ContractProject({ connection: `    ${connection}`, environment } as unknown as ConnectorRig);
  const target = `connection: crm, table: sent, mode: insert, key: line, batch: { rows: ${batchRows} }`;
  const rows = batches * batchRows;
  project.write({
    "job.yaml": moveJob("connection: drop, files: in.csv", target, { line: "line" }),
    "drop/in.csv": `line\n${Array.from({ length: rows }, (_, index) => `line ${index}\n`).join("")}`,
  });
  const fraction = seededFraction(seed);
  const drawn = Array.from({ length: 2 * batches }, (_, index) => ({ nth: index + 1, drawn: fraction() * 100 }))
    .filter((one) => one.drawn < 2 * percent)
    .map((one) => ({ nth: one.nth, mishap: (one.drawn < percent ? "cut before" : "cut after") as Mishap }));
  const cut = relay === undefined ? await kill(project, drawn, batches) : cutBy(relay, drawn);
  const ended = await project.runToTheEnd("job.yaml");
  if (ended.summary.exitCode !== 0) throw new Error(explain(ended.error));
  const { held, lines } = await database.count();
  return { cut: relay?.met ?? cut, rows, lost: rows - lines, doubled: held - lines };
}

type Drawn = readonly { nth: number; mishap: Mishap }[];

/** Three in a row would be tried no more: the run ends, and goes on as a new one. */
function cutBy(relay: DatabaseRelay, drawn: Drawn): number {
  relay.arm(drawn.map((one) => ({ call: "write" as const, ...one })));
  return 0;
}

/** A process for each: before its transaction begins, or once it is committed and the ledger does not know. */
async function kill(project: ContractProject, drawn: Drawn, batches: number): Promise<number> {
  const program = [join(repository, "bin/loadline.js"), "run"];
  let killed = 0;
  for (const { nth, mishap } of drawn) {
    if (nth > batches) break;
    const { signal } = await project.runKilled(program, "job.yaml", mishap === "cut before" ? "committed" : "fetched");
    if (signal === "SIGKILL") killed += 1;
  }
  return killed;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      of: { type: "string" },
      batches: { type: "string", default: "200" },
      seed: { type: "string", default: "1" },
    },
  });
  const names = Object.keys(databases).filter((name) => values.of === undefined || values.of === name);
  for (const name of names as DatabaseName[]) {
    const open = databases[name].open;
    await using database = await open();
    for (const remembers of [true, false]) {
      const cuts = { batches: Number(values.batches), seed: Number(values.seed), remembers };
      const { rows, cut, lost, doubled } = await cutBatches(database, cuts);
      process.stdout.write(
        `${name}, ${remembers ? "with marks" : "marks thrown away"}: ${values.batches} batches, ${rows} rows, ${cut} cut: ${lost} lost, ${doubled} doubled\n`,
      );
    }
  }
}
