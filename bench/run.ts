// Measures the staged pipeline against plain DuckDB and against a pipeline of CSV libraries, all in one go.
// In: `npm run bench [-- <rows>… [--repeats <n>] [--seed <n>]]`, 1,000,000 and 5,000,000 rows and 3 repeats if not said.
// Out: a Markdown table with medians, ratios and peak memory. What must hold: contenders take turns, each in a process
// of its own, so that whatever else the machine does hits all of them alike; and loadline finds exactly the records
// that were changed, or nothing is reported.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeDelivery, writeSnapshot } from "./contacts.ts";
import { type Measurement, median } from "./measure.ts";
import { snapshotColumns } from "./snapshot-target.ts";

const contenders = ["plain-duckdb", "csv-libraries", "staged"] as const;
type Contender = (typeof contenders)[number];

const titles: Record<Contender, string> = {
  "plain-duckdb": "DuckDB, CSV in, CSV out, unordered",
  "csv-libraries": "csv-parse → zod → csv-stringify, 9 fields, 4 rules",
  staged: "loadline: extract → 9 fields → 4 rules → dedupe → diff → batch files",
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { repeats: { type: "string", default: "3" }, seed: { type: "string", default: "1" } },
});
const sizes = positionals.length > 0 ? positionals.map(Number) : [1_000_000, 5_000_000];

for (const rows of sizes) await compareContenders(rows, Number(values.seed), Number(values.repeats));

async function compareContenders(rows: number, seed: number, repeats: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "loadline-bench-"));
  try {
    const delivery = join(folder, "contacts.csv");
    const snapshot = join(folder, "snapshot.csv");
    await writeDelivery(delivery, { rows, seed });
    const changed = await writeSnapshot(snapshot, { rows, seed }, snapshotColumns);
    const measured = new Map<Contender, Measurement[]>(contenders.map((contender) => [contender, []]));
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      for (const contender of contenders) {
        measured.get(contender)?.push(runContender(contender, delivery, snapshot, folder, changed));
      }
    }
    report(rows, repeats, measured);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runContender(
  contender: Contender,
  delivery: string,
  snapshot: string,
  folder: string,
  changed: number,
): Measurement {
  const work = join(folder, "work");
  mkdirSync(work);
  try {
    const program = join(import.meta.dirname, `${contender}.ts`);
    const output = execFileSync(process.execPath, [program, delivery, work, snapshot], { encoding: "utf8" });
    const measurement = JSON.parse(output) as Measurement;
    if (contender === "staged" && measurement.updates !== changed) {
      throw new Error(`${changed} records differ, loadline found ${measurement.updates}`);
    }
    return measurement;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function report(rows: number, repeats: number, measured: ReadonlyMap<Contender, Measurement[]>): void {
  const medianOf = (contender: Contender, pick: (one: Measurement) => number) =>
    median((measured.get(contender) ?? []).map(pick));
  const seconds = (contender: Contender) => medianOf(contender, (one) => one.seconds);
  const cpu = (contender: Contender) => medianOf(contender, (one) => one.cpuSeconds);
  const lines = contenders.map((contender) => {
    const peak = Math.max(...(measured.get(contender) ?? []).map((one) => one.peakRssMb));
    const speed = Math.round(rows / seconds(contender) / 1000);
    return `| ${titles[contender]} | ${seconds(contender).toFixed(2)} | ${cpu(contender).toFixed(2)} | ${speed} | ${Math.round(peak)} |`;
  });
  const compare = (unit: (contender: Contender) => number) =>
    `${(unit("plain-duckdb") / unit("staged")).toFixed(2)} of plain DuckDB and ${(unit("csv-libraries") / unit("staged")).toFixed(1)} times the CSV libraries`;
  const text = [
    `### ${rows.toLocaleString("en")} rows, median of ${repeats}, ${cpus().length} cores, Node ${process.versions.node}`,
    "",
    "| | seconds | CPU seconds | thousand rows/s | peak RSS, MB |",
    "|---|---|---|---|---|",
    ...lines,
    "",
    `loadline's speed: ${compare(seconds)}; by CPU seconds ${compare(cpu)}.`,
    "",
  ];
  process.stdout.write(`${text.join("\n")}\n`);
}
