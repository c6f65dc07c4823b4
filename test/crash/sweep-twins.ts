// npm run crash:twins [-- --minutes 30] [-- --from 1] [-- --job to-salesforce]: each of two jobs that are twins killed at each of its steps, from the
// first on until a run comes to its end, gone on with by `resume` and by `run` in turn. Prints what ends otherwise; exit 1
// on any.

import { parseArgs } from "node:util";
import { setup } from "../support/build-program.ts";
import { type TwinKill, TwinsToKill, twinJobs } from "./twins.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string" },
    from: { type: "string", default: "1" },
    job: { type: "string", default: "" },
  },
});
const started = performance.now();
const endMs = started + Number(values.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
const end = await setup();
let twins = await TwinsToKill.open();
let kills = 0;
let wrong = 0;

/** Gives whether the run was killed. */
async function tryKill(kill: TwinKill): Promise<boolean> {
  const { isKilled, problems } = await twins.kill(kill);
  if (isKilled) kills += 1;
  if (problems.length === 0) return isKilled;
  wrong += 1;
  print(`${kill.job}, killed at ${kill.failpoint}, then ${kill.continuation}:\n${problems.join("\n")}`);
  // What is left of it is no other case's.
  await twins[Symbol.asyncDispose]();
  twins = await TwinsToKill.open();
  return isKilled;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  for (const job of twinJobs.filter((job) => job.includes(values.job))) {
    let hit = Number(values.from);
    for (let isKilled = true; isKilled && performance.now() < endMs; hit += 1)
      isKilled = await tryKill({ job, failpoint: `*:${hit}`, continuation: hit % 2 === 0 ? "run" : "resume" });
    print(`${job}: up to step ${hit - 1}; ${kills} kills, ${wrong} end otherwise`);
  }
} finally {
  await twins[Symbol.asyncDispose]();
  await end();
}
print(`${((performance.now() - started) / 60_000).toFixed(1)} min`);
process.exitCode = wrong === 0 ? 0 : 1;
