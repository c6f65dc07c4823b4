// npm run crash:sweep [-- --verb apply|retry] [-- --modes insert,hs-import]: SIGKILL at every failpoint of a run, for each way of writing, taken
// up by `resume` and by `run`, and in every tenth case killed a second time while it goes on. Prints what it did; exit 1
// on any discrepancy. `--minutes 30 [--seed 1]`: as many of the cases as there is time for, drawn from all of them.

import { parseArgs } from "node:util";
import { seededFraction } from "../../src/core/random.ts";
import { type CrashCase, complaint, countFailpoints, crashAndGoOn } from "./kill-points.ts";
import { overLanes } from "./lanes.ts";
import { openLane } from "./load.ts";
import { buildProgram } from "./program.ts";
import { modesOf, readVerb } from "./verbs.ts";

const lanes = 2;
const { values } = parseArgs({
  options: {
    modes: { type: "string" },
    verb: { type: "string", default: "run" },
    minutes: { type: "string" },
    seed: { type: "string", default: "1" },
  },
});
const verb = readVerb(values.verb);
const modes = modesOf(verb).filter((mode) => values.modes === undefined || values.modes.split(",").includes(mode));

async function sweep(): Promise<number> {
  const started = performance.now();
  using program = buildProgram();
  const all: CrashCase[] = [];
  for (const mode of modes) {
    await using lane = await openLane(program);
    const hits = (await countFailpoints(lane, mode, verb)).length;
    print(`${mode}: ${hits} failpoints`);
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
  const endMs = started + Number(values.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
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
  const results = tried.filter((result) => result !== undefined);
  const kills = results.reduce((sum, result) => sum + result.kills, 0);
  const count = (name: "lost" | "doubled" | "wrong" | "counts") =>
    results.reduce((sum, { verdict }) => sum + verdict[name].length, 0);
  const stuck = results.filter(({ problem }) => problem !== undefined).length;
  const minutes = (performance.now() - started) / 60_000;
  const drawn = results.length < all.length ? ` of ${all.length}, drawn by seed ${values.seed}` : "";
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
