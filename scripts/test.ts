// Runs the tests, and says last what they cost. In: what vitest takes (files, names); --quick; --all-cases, for properties
// (test/support/cases.ts); --full-contract, for every cell of the contract's grid (test/contract/form.ts); --remember,
// which keeps how long each file took for the order of the next runs (test/support/longest-first.ts). Out: vitest's own
// lines, the slowest files, processor seconds of all processes. Exit code: vitest's.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { fullVariable } from "../test/contract/form.ts";
import { allCasesVariable } from "../test/support/cases.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const durationsFile = join(root, "test/durations.json");
const slowestCount = 10;

/** Units and properties, the import rules, and some loads by the real program. */
const quick = [
  ...["architecture", "core", "values", "transform", "validate", "job/", "report", "http", "formats", "extract"],
  ...["diff", "load/", "checkpoint", "pipeline/", "run/modes"],
].map((name) => `test/${name}`);

interface Results {
  testResults: { name: string; startTime: number; endTime: number }[];
}

const given = process.argv.slice(2);
const flags = new Set(
  ["--quick", "--all-cases", "--full-contract", "--remember"].filter((flag) => given.includes(flag)),
);
const rest = given.filter((argument) => !flags.has(argument));
const folder = mkdtempSync(join(tmpdir(), "loadline-results-"));
const results = process.env["LOADLINE_TEST_RESULTS"] ?? join(folder, "results.json");
const started = performance.now();
const vitest = [join(root, "node_modules/vitest/vitest.mjs"), "run", ...rest, ...(flags.has("--quick") ? quick : [])];
const { status } = spawnSync(process.execPath, vitest, {
  cwd: root,
  stdio: "inherit",
  env: {
    ...process.env,
    ...(flags.has("--all-cases") ? { [allCasesVariable]: "1" } : {}),
    ...(flags.has("--full-contract") ? { [fullVariable]: "full" } : {}),
    LOADLINE_TEST_RESULTS: results,
  },
});
const seconds = (performance.now() - started) / 1000;
// Without them vitest did not get to run anything, and has said why.
const written = existsSync(results) ? readFileSync(results, "utf8") : "";
if (written !== "") tellCost((JSON.parse(written) as Results).testResults);
rmSync(folder, { recursive: true, force: true });
process.exitCode = status ?? 1;

function tellCost(files: Results["testResults"]): void {
  const durations = files
    .map(({ name, startTime, endTime }) => [relative(root, name), Math.round((endTime - startTime) / 1000)] as const)
    .sort(([left, a], [right, b]) => b - a || left.localeCompare(right));
  const slowest = durations.slice(0, slowestCount).map(([name, took]) => `${String(took).padStart(6)} s  ${name}`);
  process.stdout.write(`Slowest of ${files.length} files:\n${slowest.join("\n")}\n${cpuOfChildren()}`);
  process.stdout.write(`${seconds.toFixed(0)} s on the clock\n`);
  if (!flags.has("--remember")) return;
  const known = { ...knownDurations(), ...Object.fromEntries(durations) };
  const sorted = Object.entries(known).sort(([left], [right]) => left.localeCompare(right));
  writeFileSync(durationsFile, `${JSON.stringify(Object.fromEntries(sorted), undefined, 2)}\n`);
}

function knownDurations(): Record<string, number> {
  return JSON.parse(readFileSync(durationsFile, "utf8")) as Record<string, number>;
}

/** Of all processes below this one that have ended, by proc(5); nothing where there is no /proc. */
function cpuOfChildren(): string {
  try {
    const fields = (readFileSync("/proc/self/stat", "utf8").split(") ")[1] ?? "").split(" ");
    const [user, system] = [fields[13], fields[14]].map((ticks) => Number(ticks) / 100);
    return `${user?.toFixed(0)} s of processor time in user mode, ${system?.toFixed(0)} s in the system\n`;
  } catch {
    return "";
  }
}
