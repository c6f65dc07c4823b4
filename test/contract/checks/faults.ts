// The grid: every mishap at every kind of call, at the first, a middle and the last one. The gate takes a sample, in which
// each mishap meets each kind of call once: a run of it meets one at each. LOADLINE_CONTRACT_GRID=full takes every cell
// by itself, in both modes.

import { parse } from "csv-parse/sync";
import { expect } from "vitest";
import { type Check, textsOf } from "../check.ts";
import { extractStream, loadJob, rowsFile } from "../jobs.ts";
import { ContractProject } from "../project.ts";
import type { Call, Mishap } from "../rig.ts";

interface Cell {
  call: Call;
  nth: number;
  mishap: Mishap;
}

const mishaps: Mishap[] = ["cut after", "cut before", 500, 503, "cut within", "throttled", "a page"];
/** Seven rows are written by four calls; what is read may come by one. */
const positions: Record<Call, number[]> = { "sign-in": [1], describe: [1], read: [1], write: [1, 2, 4] };
const modes = ["insert", "upsert"] as const;

function checkCells(mode: (typeof modes)[number], cells: Cell[]): Check {
  const told = cells.map(({ call, nth, mishap }) => `${mishap} at ${call} ${nth}`).join(", ");
  return {
    name: `a job that loads (${mode}) and extracts loses and doubles nothing: ${told}`,
    async run(rig) {
      const seeds = ["G-1", "G-2", "G-3"];
      for (const key of seeds) await rig.put({ key, text: "seed" });
      const rows = Array.from({ length: 7 }, (_, index) => ({ key: `M-${index}`, text: `t${index}` }));
      using project = new ContractProject(rig);
      const job = loadJob(rig, mode, { batchRows: 2 }).replace("streams:\n", `streams:\n${extractStream(rig)}`);
      project.write({ "job.yaml": job, ...rowsFile(rows) });
      await rig.setMishaps(cells);
      const ended = await project.runToTheEnd("job.yaml");
      expect(ended.summary.exitCode, String(ended.error)).toBe(0);
      const loaded = Object.entries(await textsOf(rig)).filter(([key]) => !seeds.includes(key));
      expect(Object.fromEntries(loaded)).toEqual(Object.fromEntries(rows.map(({ key, text }) => [key, text])));
      const extracted = parse(project.read("drop/out.csv"), { columns: true }) as Record<string, string>[];
      expect(
        extracted
          .map(({ key = "" }) => key)
          .filter((key) => seeds.includes(key))
          .sort(),
      ).toEqual(seeds);
      // One that no call met proves nothing.
      expect(await rig.mishapsMet(), "mishaps met").toBe(cells.length);
    },
  };
}

const calls = Object.keys(positions) as Call[];

/** Latin: the mishap of each kind of call moves on by one from run to run. */
const sample = mishaps.map((_, run) =>
  checkCells(
    modes[run % modes.length] ?? "insert",
    calls.flatMap((call, place): Cell[] => {
      const nth = positions[call][run % positions[call].length];
      const mishap = mishaps[(run + place + 4) % mishaps.length];
      return nth === undefined || mishap === undefined ? [] : [{ call, nth, mishap }];
    }),
  ),
);

const whole = modes.flatMap((mode) =>
  calls.flatMap((call) =>
    positions[call].flatMap((nth) => mishaps.map((mishap) => checkCells(mode, [{ call, nth, mishap }]))),
  ),
);

export const faultChecks = process.env["LOADLINE_CONTRACT_GRID"] === "full" ? whole : sample;
