// Windows of changed records: those of one instant, those that show late, deleted and merged ones.

import { parse } from "csv-parse/sync";
import { expect } from "vitest";
import type { Check } from "../check.ts";
import { extractJob } from "../jobs.ts";
import { ContractProject } from "../project.ts";

type Row = Record<string, string>;

/** Runs the job, and gives the rows of the file that it wrote. */
async function take(project: ContractProject): Promise<Row[]> {
  const ended = await project.run("job.yaml");
  expect(ended.summary.exitCode, String(ended.error)).toBe(0);
  return parse(project.read(`drop/out-${ended.summary.run}.csv`), { columns: true }) as Row[];
}

const checkWindow: Check = {
  name: "a window takes each change once: those of one instant, and those that show late",
  async run(rig) {
    await rig.putTogether([1, 2, 3, 4, 5].map((number) => ({ key: `W-${number}`, text: "one" })));
    using project = new ContractProject(rig);
    project.write({ "job.yaml": extractJob(rig, "changed") });
    const taken = async () => (await take(project)).map(({ key, text }) => `${key} ${text}`).sort();
    expect(await taken()).toEqual(["W-1 one", "W-2 one", "W-3 one", "W-4 one", "W-5 one"]);
    await rig.change("W-2", { text: "two" });
    await rig.put({ key: "W-6", text: "one" });
    expect(await taken()).toEqual(["W-2 two", "W-6 one"]);
    await rig.putLate({ key: "W-7", text: "late" }, async () => expect(await taken()).toEqual([]));
    expect(await taken(), "what shows late").toEqual(["W-7 late"]);
  },
};

const checkDeletions: Check = {
  name: "a window with deletes tells what was deleted since, and into what it was merged",
  async run(rig) {
    if (rig.deletedColumn === undefined) return;
    for (const number of [1, 2, 3, 4]) await rig.put({ key: `D-${number}`, text: "there" });
    const { merges, deletedColumn } = rig;
    const columns: Row = { deleted: deletedColumn, ...(merges && { id: merges.idColumn, into: merges.column }) };
    const map = Object.entries(columns).map(([name, column]) => `      ${name}: ${column}\n`);
    using project = new ContractProject(rig);
    const job = extractJob(rig, "changed, 1s").replace(", incremental:", ", deletes: emit, incremental:");
    project.write({ "job.yaml": job.replace("    map:\n", `    map:\n${map.join("")}`) });
    const first = await take(project);
    expect(first.map(({ deleted }) => deleted)).toEqual(["false", "false", "false", "false"]);
    await rig.remove("D-2");
    await merges?.merge("D-1", "D-3");
    const second = await take(project);
    const gone = second.filter(({ deleted }) => deleted === "true");
    if (merges === undefined) return expect(gone).toHaveLength(1);
    const idOf = (rows: Row[], wanted: string) =>
      rows.find(({ key, deleted }) => key === wanted && deleted === "false")?.["id"];
    const intoOf = new Map(gone.map(({ id, into }) => [id, into]));
    expect(intoOf.get(idOf(first, "D-2")), "the deleted one").toBe("");
    // Some systems make a new record of the two that they merge; others don't touch the one that stays.
    const survivor = idOf(second, "D-1") ?? idOf(first, "D-1");
    expect(survivor).not.toBe(undefined);
    expect(intoOf.get(idOf(first, "D-3")), "the merged one").toBe(survivor);
    expect(intoOf.has(idOf(first, "D-4"))).toBe(false);
  },
};

export const windowChecks = [checkWindow, checkDeletions];
