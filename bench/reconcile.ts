// Measures a truth pass over two files of twenty fields, one record in twenty different, one in a thousand only here and one
// only there, beside plain DuckDB: what reading the files takes, and a full outer join of them.
// In: `node bench/reconcile.ts [rows] [--repeats <n>]`, 1,000,000 rows and 3 repeats if not said. Out: a Markdown table with
// medians and ratios. What must hold: they take turns, each in a process of its own; both find all that differs.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeComparedData } from "./compare-data.ts";
import { type Measurement, median } from "./measure.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { repeats: { type: "string", default: "3" } },
});
const rows = Number(positionals[0] ?? 1_000_000);

interface Contender {
  title: string;
  program: string;
  what: string;
  measured: Measurement[];
}

const read: Contender = {
  title: "plain DuckDB: both files read",
  program: "reconcile-duckdb",
  what: "read",
  measured: [],
};
const joined: Contender = {
  title: "plain DuckDB: full outer join",
  program: "reconcile-duckdb",
  what: "join",
  measured: [],
};
const pass: Contender = { title: "loadline reconcile", program: "staged", what: "reconcile", measured: [] };
const contenders = [read, joined, pass];
const folder = mkdtempSync(join(tmpdir(), "loadline-reconcile-"));
try {
  const drift = await writeComparedData(folder, rows, Math.floor(rows / 1000));
  for (let repeat = 0; repeat < Number(values.repeats); repeat += 1)
    for (const one of contenders) one.measured.push(run(one, drift));
  const lines = contenders.map((one) => {
    const [seconds, cpu] = [of(one, "seconds"), of(one, "cpuSeconds")].map((value) => value.toFixed(2));
    return `| ${one.title} | ${seconds} | ${cpu} | ${Math.round(of(one, "peakRssMb"))} |`;
  });
  const head = `| ${rows.toLocaleString("en")} × ${rows.toLocaleString("en")} rows, medians of ${values.repeats} | seconds | CPU seconds | peak RSS, MB |`;
  const told = `${ratioTo(read)} of reading the files, ${ratioTo(joined)} of the join.`;
  process.stdout.write(`${[head, "|---|---|---|---|", ...lines, "", `loadline takes ${told}`].join("\n")}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function of({ measured }: Contender, what: "seconds" | "cpuSeconds" | "peakRssMb"): number {
  return median(measured.map((one) => one[what]));
}

function ratioTo(other: Contender): string {
  const ratio = (what: "seconds" | "cpuSeconds") => (of(pass, what) / of(other, what)).toFixed(2);
  return `${ratio("seconds")} times by the clock and ${ratio("cpuSeconds")} by CPU`;
}

function run({ program, what }: Contender, drift: number): Measurement {
  const work = join(folder, "work");
  mkdirSync(work);
  try {
    const files = [join(folder, "contacts.csv"), work, join(folder, "snapshot.csv"), what];
    const output = execFileSync(process.execPath, [join(import.meta.dirname, `${program}.ts`), ...files], {
      encoding: "utf8",
    });
    const measurement = JSON.parse(output) as Measurement;
    if (what === "read" || measurement.updates === drift) return measurement;
    throw new Error(`${drift} records differ, ${program} found ${measurement.updates}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
