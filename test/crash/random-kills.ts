// npm run crash:random -- --kills 1000 --seed 1 [--verb apply|retry]: loads under random fire until so many kills are done. Prints the
// tally, the rates and every discrepancy; exit 1 on any. The same seed draws the same kills; when exactly a timed kill
// hits is up to the machine.

import { parseArgs } from "node:util";
import { seededFraction } from "../../src/core/random.ts";
import { killStates } from "./batch-states.ts";
import { overLanes } from "./lanes.ts";
import { isClean } from "./oracle.ts";
import { buildProgram } from "./program.ts";
import { loadUnderFire, type RandomResult } from "./random-load.ts";
import { modesOf, readVerb } from "./verbs.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    modes: { type: "string" },
    verb: { type: "string", default: "run" },
  },
});
const lanes = 2;
const verb = readVerb(values.verb);
const modes = modesOf(verb).filter((mode) => values.modes === undefined || values.modes.split(",").includes(mode));

async function killAtRandom(kills: number, seed: number): Promise<number> {
  const started = performance.now();
  using program = buildProgram();
  let done = 0;
  // More loads than can be needed: each takes one kill at least but for rare luck.
  const loads = Array.from({ length: kills }, (_, index) => index);
  const results = await overLanes(program, lanes, loads, async (lane, index) => {
    if (done >= kills) return undefined;
    const mode = modes[index % modes.length] ?? "insert";
    const result = await loadUnderFire(lane, mode, seededFraction(seed * 1_000_003 + index), verb);
    const before = done;
    done += result.kills;
    if (isWrong(result)) print(`load ${index} (${mode}): ${JSON.stringify(result.verdict)} ${result.problem ?? ""}`);
    if (Math.floor(before / 100) < Math.floor(done / 100)) print(`${done} kills`);
    return result;
  });
  return report(
    results.filter((result) => result !== undefined),
    (performance.now() - started) / 1000,
  );
}

function isWrong({ verdict, problem }: RandomResult): boolean {
  return problem !== undefined || !isClean(verdict);
}

function report(results: readonly RandomResult[], seconds: number): number {
  const total = (of: (result: RandomResult) => number) => results.reduce((sum, result) => sum + of(result), 0);
  const kills = total((result) => result.kills);
  const loads = modes.map((mode) => `${results.filter((result) => result.mode === mode).length} ${mode}`).join(", ");
  print(`${results.length} loads (${loads}), ${kills} kills`);
  print(`${(seconds / 60).toFixed(1)} min, ${(kills / seconds).toFixed(2)} kills a second`);
  for (const state of killStates) print(`killed with a batch in ${state}: ${total(({ states }) => states[state])}`);
  for (const name of ["lost", "doubled", "wrong", "counts"] as const) {
    print(`${name}: ${total(({ verdict }) => verdict[name].length)}`);
  }
  print(`not come to an end: ${total(({ problem }) => (problem === undefined ? 0 : 1))}`);
  return results.some(isWrong) ? 1 : 0;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exitCode = await killAtRandom(Number(values.kills), Number(values.seed));
