// Measures the comparison of staged rows with what the org holds, twenty fields of which one record in twenty differs, beside
// a plain join of DuckDB that finds and keeps the same. In: `node bench/compare.ts [rows] [--repeats <n>]`, 1,000,000 rows
// and 3 repeats if not said. Out: a Markdown table with medians and the ratio. What must hold: they take turns, each in a
// process of its own, and are measured from the moment on in which the delivery is staged; both find all that differs.

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
const contenders = [
  ["plain DuckDB, one join", "compare-duckdb"],
  ["loadline: match → compare → plan", "staged"],
] as const;
const folder = mkdtempSync(join(tmpdir(), "loadline-compare-"));
try {
  const changed = await writeComparedData(folder, rows);
  const measured = new Map<string, Measurement[]>(contenders.map(([, program]) => [program, []]));
  for (let repeat = 0; repeat < Number(values.repeats); repeat += 1) {
    for (const [, program] of contenders) measured.get(program)?.push(run(program, changed));
  }
  const of = (program: string, pick: (one: Measurement) => number) => median((measured.get(program) ?? []).map(pick));
  const lines = contenders.map(([title, program]) => {
    const seconds = of(program, (one) => one.seconds).toFixed(2);
    const cpu = of(program, (one) => one.cpuSeconds).toFixed(2);
    return `| ${title} | ${seconds} | ${cpu} | ${Math.round(of(program, (one) => one.peakRssMb))} |`;
  });
  const ratio = (pick: (one: Measurement) => number) => (of("staged", pick) / of("compare-duckdb", pick)).toFixed(2);
  const head = [
    `| ${rows.toLocaleString("en")} rows, medians of ${values.repeats} | seconds | CPU seconds | peak RSS, MB |`,
  ];
  const told = `loadline takes ${ratio((one) => one.seconds)} times the join by the clock, ${ratio((one) => one.cpuSeconds)} by CPU.`;
  process.stdout.write(`${[...head, "|---|---|---|---|", ...lines, "", told].join("\n")}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function run(program: string, changed: number): Measurement {
  const work = join(folder, "work");
  mkdirSync(work);
  try {
    const files = [join(folder, "contacts.csv"), work, join(folder, "snapshot.csv"), "compare"];
    const output = execFileSync(process.execPath, [join(import.meta.dirname, `${program}.ts`), ...files], {
      encoding: "utf8",
    });
    const measurement = JSON.parse(output) as Measurement;
    if (measurement.updates === changed) return measurement;
    throw new Error(`${changed} records differ, ${program} found ${measurement.updates}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
