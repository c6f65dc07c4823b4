// Measures a job of sixty fields, forty rules, three lookups and two parents beside the one of nine fields, in turn in one
// run. In: `node bench/wide.ts [rows] [--repeats <n>]`, 1,000,000 rows and 3 repeats if not said. Out: medians and the ratio.
// What must hold: each goes in a process of its own, and finds exactly the records that were changed.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeDelivery, writeSnapshot } from "./contacts.ts";
import { type Measurement, median } from "./measure.ts";
import { snapshotColumns } from "./snapshot-target.ts";
import { writeWideData } from "./wide-data.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { repeats: { type: "string", default: "3" } },
});
const rows = Number(positionals[0] ?? 1_000_000);
const jobs = ["bench", "wide"] as const;
const folder = mkdtempSync(join(tmpdir(), "loadline-wide-"));
try {
  const changed: Record<string, number> = {};
  for (const job of jobs) mkdirSync(join(folder, job));
  await writeDelivery(join(folder, "bench", "contacts.csv"), { rows, seed: 1 });
  changed["bench"] = await writeSnapshot(join(folder, "bench", "snapshot.csv"), { rows, seed: 1 }, snapshotColumns);
  changed["wide"] = await writeWideData(join(folder, "wide"), rows);
  const measured = new Map<string, Measurement[]>(jobs.map((job) => [job, []]));
  for (let repeat = 0; repeat < Number(values.repeats); repeat += 1) {
    for (const job of jobs) measured.get(job)?.push(run(job, changed[job] ?? 0));
  }
  const of = (job: string, pick: (one: Measurement) => number) => median((measured.get(job) ?? []).map(pick));
  for (const job of jobs) {
    const seconds = of(job, (one) => one.seconds).toFixed(2);
    const cpu = of(job, (one) => one.cpuSeconds).toFixed(2);
    process.stdout.write(`${job}: ${seconds} s, ${cpu} CPU s, ${Math.round(of(job, (one) => one.peakRssMb))} MB\n`);
  }
  const ratio = (pick: (one: Measurement) => number) => (of("wide", pick) / of("bench", pick)).toFixed(2);
  process.stdout.write(
    `sixty fields take ${ratio((one) => one.seconds)} times the nine by the clock, ${ratio((one) => one.cpuSeconds)} by CPU\n`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function run(job: string, changed: number): Measurement {
  const work = join(folder, job, "work");
  mkdirSync(work);
  try {
    const program = join(import.meta.dirname, "staged.ts");
    const files = [join(folder, job, "contacts.csv"), work, join(folder, job, "snapshot.csv"), job];
    const output = execFileSync(process.execPath, [program, ...files], { encoding: "utf8" });
    const measurement = JSON.parse(output) as Measurement;
    if (measurement.updates === changed) return measurement;
    throw new Error(`${job}: ${changed} records differ, loadline found ${measurement.updates}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
