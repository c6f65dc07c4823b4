// The grid: every mishap at every kind of call, at the first, a middle and the last one. The gate takes a sample, in which
// each mishap meets each kind of call: a run of it meets two at each, and which with which the seed decides. In full every
// cell is a run, in both modes.

import { expect } from "vitest";
import { type Check, textsOf } from "../check.ts";
import { isFull, seed, shuffle } from "../form.ts";
import { copyJob } from "../jobs.ts";
import { ContractProject } from "../project.ts";
import type { Call, Mishap } from "../rig.ts";

interface Cell {
  call: Call;
  nth: number;
  mishap: Mishap;
}

const mishaps = shuffle<Mishap>(["cut after", "cut before", 500, 503, "cut within", "throttled", "a page"]);
/** Seven records are written by four calls; what is read may come by one. */
const positions: Record<Call, number[]> = { "sign-in": [1], describe: [1], read: [1], write: [1, 2, 4] };
const modes = ["insert", "upsert"] as const;

function checkCells(mode: (typeof modes)[number], cells: Cell[]): Check {
  const told = cells.map(({ call, nth, mishap }) => `${mishap} at ${call} ${nth}`).join(", ");
  return {
    name: `a job that copies records (${mode}) loses and doubles nothing: ${told}${isFull ? "" : `, by seed ${seed}`}`,
    async run(rig) {
      if (rig.setMishaps === undefined) return;
      const seeds = Array.from({ length: 7 }, (_, index) => ({ key: `G-${index}`, text: `t${index}` }));
      await rig.putTogether(seeds);
      using project = new ContractProject(rig);
      project.write({ "job.yaml": copyJob(rig, mode, 2) });
      await rig.setMishaps(cells);
      const ended = await project.runToTheEnd("job.yaml");
      expect(ended.summary.exitCode, String(ended.error)).toBe(0);
      const wanted = seeds.flatMap(({ key, text }) => [
        [key, text],
        [`copy-${key}`, text],
      ]);
      expect(await textsOf(rig)).toEqual(Object.fromEntries(wanted));
      // One that no call met proves nothing.
      expect(await rig.mishapsMet?.(), "mishaps met").toBe(cells.length);
    },
  };
}

const calls = Object.keys(positions) as Call[];

/** In each run a call meets two, of which the second may meet what is done about the first; of writes these are apart. */
const writesMet = [
  [1, 3],
  [2, 4],
  [1, 4],
  [2, 3],
];

/** Kinds of calls are ahead of each other by one: after the last run each has met every mishap. */
const sample = writesMet.map((writes, run) =>
  checkCells(
    modes[run % modes.length] ?? "insert",
    calls.flatMap((call, ahead) =>
      (call === "write" ? writes : [1, 2]).flatMap((nth, second): Cell[] => {
        const mishap = mishaps[(2 * run + second + ahead) % mishaps.length];
        return mishap === undefined ? [] : [{ call, nth, mishap }];
      }),
    ),
  ),
);

const whole = modes.flatMap((mode) =>
  calls.flatMap((call) =>
    positions[call].flatMap((nth) => mishaps.map((mishap) => checkCells(mode, [{ call, nth, mishap }]))),
  ),
);

export const faultChecks = isFull ? whole : sample;
