// npm run crash:sweep [-- --verb apply|retry] [-- --modes insert,hs-import]: SIGKILL at every failpoint of a run, for each way of writing, taken
// up by `resume` and by `run`, and in every tenth case killed a second time while it goes on. Prints what it did; exit 1
// on any discrepancy.

import { parseArgs } from "node:util";
import { type CrashCase, complaint, countFailpoints, crashAndGoOn } from "./kill-points.ts";
import { overLanes } from "./lanes.ts";
import { openLane } from "./load.ts";
import { buildProgram } from "./program.ts";
import { modesOf, readVerb } from "./verbs.ts";

const lanes = 2;
const { values } = parseArgs({ options: { modes: { type: "string" }, verb: { type: "string", default: "run" } } });
const verb = readVerb(values.verb);
const modes = modesOf(verb).filter((mode) => values.modes === undefined || values.modes.split(",").includes(mode));

async function sweep(): Promise<number> {
  const started = performance.now();
  using program = buildProgram();
  const cases: CrashCase[] = [];
  for (const mode of modes) {
    await using lane = await openLane(program);
    const hits = (await countFailpoints(lane, mode, verb)).length;
    print(`${mode}: ${hits} failpoints`);
    for (let hit = 1; hit <= hits; hit += 1) {
      const failpoint = `*:${hit}`;
      for (const continuation of ["resume", "run"] as const) cases.push({ mode, verb, failpoint, continuation });
      if (hit % 10 === 0) {
        for (const second of [1, 5, 17])
          cases.push({ mode, verb, failpoint, continuation: "resume", second: `*:${second}` });
      }
    }
  }
  let done = 0;
  const results = await overLanes(program, lanes, cases, async (lane, item) => {
    const result = await crashAndGoOn(lane, item);
    const wrong = complaint(result);
    if (wrong !== undefined) print(wrong);
    done += 1;
    if (done % 50 === 0) print(`${done} of ${cases.length} cases`);
    return result;
  });
  const kills = results.reduce((sum, result) => sum + result.kills, 0);
  const count = (name: "lost" | "doubled" | "wrong" | "counts") =>
    results.reduce((sum, { verdict }) => sum + verdict[name].length, 0);
  const stuck = results.filter(({ problem }) => problem !== undefined).length;
  const minutes = (performance.now() - started) / 60_000;
  print(`${cases.length} cases, ${kills} kills, ${minutes.toFixed(1)} min`);
  print(
    `lost ${count("lost")}, doubled ${count("doubled")}, wrong ${count("wrong")}, counts ${count("counts")}, stuck ${stuck}`,
  );
  return results.some((result) => complaint(result) !== undefined) ? 1 : 0;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exitCode = await sweep();
