// npm run crash:sweep [-- --verb apply|retry] [-- --modes insert,hs-import]: SIGKILL at every failpoint of a run, for each way of writing, taken
// up by `resume` and by `run`, and in every tenth case killed a second time while it goes on. Prints what it did; exit 1
// on any discrepancy. `--minutes 30 [--seed 1]`: as many of the cases as there is time for, drawn from all of them.
// `--cover`: each failpoint by name at its first, a middle and its last hit, and those met only on the way back.

import { parseArgs } from "node:util";
import { seededFraction } from "../../src/core/random.ts";
import { coverOf, coverOfReturns } from "./cover.ts";
import {
  type CrashCase,
  type CrashResult,
  complaint,
  countFailpoints,
  crashAndGoOn,
  describeCase,
} from "./kill-points.ts";
import { overLanes } from "./lanes.ts";
import { type LoadMode, openLane } from "./load.ts";
import { buildProgram, type Program } from "./program.ts";
import { modesOf, readVerb } from "./verbs.ts";

const lanes = 2;
const { values } = parseArgs({
  options: {
    modes: { type: "string" },
    verb: { type: "string", default: "run" },
    minutes: { type: "string" },
    seed: { type: "string", default: "1" },
    cover: { type: "boolean", default: false },
  },
});
const verb = readVerb(values.verb);
const modes = modesOf(verb).filter((mode) => values.modes === undefined || values.modes.split(",").includes(mode));
const started = performance.now();
const endMs = started + Number(values.minutes ?? Number.POSITIVE_INFINITY) * 60_000;

async function sweep(): Promise<number> {
  using program = buildProgram();
  return values.cover ? await sweepCover(program) : await sweepEvery(program);
}

async function sweepEvery(program: Program): Promise<number> {
  const all: CrashCase[] = [];
  for (const mode of modes) {
    const hits = (await hitsOf(program, mode)).length;
    for (let hit = 1; hit <= hits; hit += 1) {
      const failpoint = `*:${hit}`;
      for (const continuation of ["resume", "run"] as const) all.push({ mode, verb, failpoint, continuation });
      if (hit % 10 === 0) {
        for (const second of [1, 5, 17])
          all.push({ mode, verb, failpoint, continuation: "resume", second: `*:${second}` });
      }
    }
  }
  const cases = values.minutes === undefined ? all : shuffle(all, seededFraction(Number(values.seed)));
  return report(await crashEach(program, cases), all.length);
}

/** First hits before last ones, of all modes, so that what is done says something when there is no time for all. */
async function sweepCover(program: Program): Promise<number> {
  const hits = new Map<LoadMode, string[]>();
  for (const mode of modes) hits.set(mode, await hitsOf(program, mode));
  const cases = [...hits].flatMap(([mode, names]) => coverOf({ mode, verb }, names));
  cases.sort((left, right) => left.turn - right.turn);
  for (const turn of [0, 1, 2]) print(`turn ${turn}: ${cases.filter((one) => one.turn === turn).length} cases`);
  const there = await crashEach(
    program,
    cases.map((one) => one.case),
  );
  const returns = [...hits].flatMap(([mode, names]) =>
    coverOfReturns(
      names,
      there.filter((result) => result.case.mode === mode),
    ),
  );
  print(`on the way back: ${returns.map(({ mode, second }) => `${mode} ${second}`).join(", ") || "nothing else"}`);
  const results = [...there, ...(await crashEach(program, returns))];
  const names = new Set([...hits.values()].flat());
  for (const { second = "" } of returns) names.add(second.replace(/:.*/, ""));
  print(`${names.size} failpoints by name: ${[...names].join(" ")}`);
  const unkilled = results.filter(({ case: { second }, kills }) => kills !== (second === undefined ? 1 : 2));
  for (const { case: missed } of unkilled) print(`not killed: ${describeCase(missed)}`);
  return Math.max(report(results, cases.length + returns.length), unkilled.length > 0 ? 1 : 0);
}

async function hitsOf(program: Program, mode: LoadMode): Promise<string[]> {
  await using lane = await openLane(program);
  const hits = await countFailpoints(lane, mode, verb);
  print(`${mode}: ${hits.length} failpoints`);
  return hits;
}

async function crashEach(program: Program, cases: readonly CrashCase[]): Promise<CrashResult[]> {
  let done = 0;
  const tried = await overLanes(program, lanes, cases, async (lane, item) => {
    if (performance.now() > endMs) return undefined;
    const result = await crashAndGoOn(lane, item);
    const wrong = complaint(result);
    if (wrong !== undefined) print(wrong);
    done += 1;
    if (done % 50 === 0) print(`${done} of ${cases.length} cases`);
    return result;
  });
  return tried.filter((result) => result !== undefined);
}

function report(results: readonly CrashResult[], all: number): number {
  const kills = results.reduce((sum, result) => sum + result.kills, 0);
  const count = (name: "lost" | "doubled" | "wrong" | "counts") =>
    results.reduce((sum, { verdict }) => sum + verdict[name].length, 0);
  const stuck = results.filter(({ problem }) => problem !== undefined).length;
  const minutes = (performance.now() - started) / 60_000;
  const drawn = results.length < all ? ` of ${all}${values.cover ? "" : `, drawn by seed ${values.seed}`}` : "";
  print(`${results.length} cases${drawn}, ${kills} kills, ${minutes.toFixed(1)} min`);
  print(
    `lost ${count("lost")}, doubled ${count("doubled")}, wrong ${count("wrong")}, counts ${count("counts")}, stuck ${stuck}`,
  );
  return results.some((result) => complaint(result) !== undefined) ? 1 : 0;
}

function shuffle<T>(items: readonly T[], next: () => number): T[] {
  const places = items.map((item) => ({ item, place: next() }));
  return places.sort((left, right) => left.place - right.place).map(({ item }) => item);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exitCode = await sweep();
