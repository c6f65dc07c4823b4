// The calls of the day: used up on the way, and left to others; those of a moment: as many as there may be.

import { expect } from "vitest";
import { explain } from "../../../src/core/errors.ts";
import { exitCode } from "../../../src/core/exit-code.ts";
import { type Check, textsOf } from "../check.ts";
import { loadJob, rowsFile } from "../jobs.ts";
import { ContractProject, countsOf } from "../project.ts";

const rows = Array.from({ length: 8 }, (_, index) => ({ key: `Q-${index}`, text: `t${index}` }));
const texts = Object.fromEntries(rows.map(({ key, text }) => [key, text]));

const checkDay: Check = {
  name: "a day's limit that is reached on the way stops the run with nothing in doubt, and the rest is loaded later, into the same org",
  async run(rig) {
    if (rig.dayEnds === undefined) return;
    using project = new ContractProject(rig);
    project.write({ "job.yaml": loadJob(rig, "upsert", { batchRows: 2 }), ...rowsFile(rows) });
    await rig.setMishaps?.([{ call: "write", nth: 3, mishap: "day's limit" }]);
    const stopped = await project.run("job.yaml");
    expect(stopped.summary, explain(stopped.error)).toMatchObject({ exitCode: 75, status: "stopped" });
    expect(stopped.summary.next).toMatch(rig.dayEnds);
    expect(countsOf(stopped)).toMatchObject({ inDoubt: 0, failed: 0 });
    expect(countsOf(stopped).loaded).toBeLessThan(rows.length);
    await rig.setOtherOrg(true);
    const elsewhere = await project.run("job.yaml");
    expect(elsewhere.summary.exitCode).toBe(1);
    expect(explain(elsewhere.error)).toContain("was begun against org");
    await rig.setOtherOrg(false);
    const ended = await project.run("job.yaml");
    expect(countsOf(ended), explain(ended.error)).toMatchObject({ loaded: rows.length, failed: 0, inDoubt: 0 });
    expect(await textsOf(rig)).toEqual(texts);
  },
};

const checkReserve: Check = {
  name: "what a job leaves to others of the day stops it before anything is written, and a plan says so",
  given: { dailyCalls: 60 },
  async run(rig) {
    if (rig.dayEnds === undefined) return;
    using project = new ContractProject(rig);
    const job = `${loadJob(rig, "upsert", { batchRows: 1 })}limits: { reserve: 85% }\n`;
    project.write({ "job.yaml": job, ...rowsFile(rows) });
    for (const [command, code] of [
      ["plan", exitCode.guard],
      ["run", exitCode.tryLater],
    ] as const) {
      const { summary, error } = await project.run("job.yaml", command);
      const told = `${explain(error)} ${summary.stops?.join(" ")}`;
      expect(summary.exitCode, told).toBe(code);
      expect(told).toContain("85 % of all are for others (limits.reserve)");
    }
    expect(await textsOf(rig)).toEqual({});
  },
};

const checkPace: Check = {
  name: "calls that the system counts by time go out at the pace that it allows: none is refused and made again",
  given: { isPaced: true },
  async run(rig) {
    if (rig.dayEnds === undefined) return;
    using project = new ContractProject(rig);
    // Some calls for each, so that all of them are more than may come at a time.
    const many = Array.from({ length: 12 }, (_, index) => ({ key: `P-${index}`, text: `t${index}` }));
    project.write({ "job.yaml": loadJob(rig, "upsert", { batchRows: 1 }), ...rowsFile(many) });
    const ended = await project.run("job.yaml");
    expect(countsOf(ended), explain(ended.error)).toMatchObject({ loaded: many.length, failed: 0, inDoubt: 0 });
    expect(project.retries).toEqual([]);
  },
};

export const quotaChecks = [checkDay, checkReserve, checkPace];
