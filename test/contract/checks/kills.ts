// A process that is killed at one step after another: in the gate at those of the connector, otherwise at all of them.

import { join } from "node:path";
import { expect } from "vitest";
import { repository } from "../../support/child.ts";
import { type Check, textsOf } from "../check.ts";
import { isFull } from "../form.ts";
import { loadJob, rowsFile } from "../jobs.ts";
import { ContractProject } from "../project.ts";
import type { ConnectorRig } from "../rig.ts";

const product = [join(repository, "bin/loadline.js"), "run"];

export const checkKills: Check = {
  name: "a run that is killed at one step after another leaves what an undisturbed one does",
  async run(rig) {
    if (!isFull && rig.killedAt.length === 0) return;
    const rows = Array.from({ length: 5 }, (_, index) => ({ key: `S-${index}`, text: "t" }));
    const files = { "job.yaml": loadJob(rig, "insert", { batchRows: 2 }), ...rowsFile(rows) };
    const { program = product, killedAt } = rig;
    const steps = isFull ? await stepsOf(rig, program, files) : killedAt;
    using project = new ContractProject(rig);
    project.write(files);
    // Each process goes on with what the one before it left, and comes one step further.
    for (const step of steps) {
      const { signal, stderr } = await project.runKilled(program, "job.yaml", step);
      expect(signal, `${step}: ${stderr}`).toBe("SIGKILL");
    }
    const ended = await project.runToTheEnd("job.yaml");
    expect(ended.summary.exitCode, String(ended.error)).toBe(0);
    expect(await textsOf(rig)).toEqual(Object.fromEntries(rows.map(({ key, text }) => [key, text])));
  },
};

/** Those that an undisturbed run comes by; what it wrote is taken away again. */
async function stepsOf(
  rig: ConnectorRig,
  program: readonly string[],
  files: Record<string, string>,
): Promise<string[]> {
  using whole = new ContractProject(rig);
  whole.write(files);
  const { code, hits, stderr } = await whole.runKilled(program, "job.yaml", "");
  expect(code, stderr).toBe(0);
  for (const key of (await rig.live()).keys()) await rig.remove(key);
  return [...new Set(hits)];
}
