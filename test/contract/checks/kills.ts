// A process that is killed at every step.

import { expect } from "vitest";
import { type Check, textsOf } from "../check.ts";
import { loadJob, rowsFile } from "../jobs.ts";
import { ContractProject } from "../project.ts";

/** Only where the connector is not part of the product: what is, is killed at every step by test/crash. */
export const checkKills: Check = {
  name: "a run that is killed at every step, one after another, leaves what an undisturbed one does",
  async run(rig) {
    if (rig.program === undefined) return;
    const rows = Array.from({ length: 5 }, (_, index) => ({ key: `S-${index}`, text: "t" }));
    const files = { "job.yaml": loadJob(rig, "insert", { batchRows: 2 }), ...rowsFile(rows) };
    using bundle = await rig.program();
    const { program } = bundle;
    using whole = new ContractProject(rig);
    whole.write(files);
    const { hits } = await whole.runKilled(program, "job.yaml", "");
    const wanted = await textsOf(rig);
    expect(Object.keys(wanted)).toHaveLength(5);
    for (const key of Object.keys(wanted)) await rig.remove(key);
    using project = new ContractProject(rig);
    project.write(files);
    // Each process goes on with what the one before it left, and comes one step further.
    for (const failpoint of rig.killedAt ?? new Set(hits)) {
      expect(await project.runKilled(program, "job.yaml", failpoint), failpoint).toMatchObject({ signal: "SIGKILL" });
    }
    const ended = await project.runToTheEnd("job.yaml");
    expect(ended.summary.exitCode, String(ended.error)).toBe(0);
    expect(await textsOf(rig)).toEqual(wanted);
  },
};
