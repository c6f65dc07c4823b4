// Every mode, once with something to do and once without.

import { expect } from "vitest";
import { type Check, textsOf } from "../check.ts";
import { isFull } from "../form.ts";
import { loadJob, type Mode, rowsFile } from "../jobs.ts";
import { ContractProject, countsOf } from "../project.ts";
import type { Values } from "../rig.ts";

const present: Values[] = [
  { key: "K-1", text: "same" },
  { key: "K-2", text: "old" },
  { key: "K-3", text: "gone" },
];
const source: Values[] = [
  { key: "K-1", text: "same" },
  { key: "K-2", text: "new" },
  { key: "K-4", text: "made" },
];

/** What each mode makes of the two: its counts, and the texts by key afterwards. */
const modes: Record<Mode, { counts: object; after: Record<string, string>; rows?: Values[] }> = {
  insert: {
    rows: [{ key: "K-4", text: "made" }],
    counts: { creates: 1, updates: 0, loaded: 1 },
    after: { "K-1": "same", "K-2": "old", "K-3": "gone", "K-4": "made" },
  },
  update: {
    counts: { creates: 0, updates: 1, unchanged: 1, unmatched: 1, loaded: 1 },
    after: { "K-1": "same", "K-2": "new", "K-3": "gone" },
  },
  upsert: {
    counts: { creates: 1, updates: 1, unchanged: 1, loaded: 2 },
    after: { "K-1": "same", "K-2": "new", "K-3": "gone", "K-4": "made" },
  },
  delete: {
    rows: [{ key: "K-3" }, { key: "K-9" }],
    counts: { deletes: 1, unmatched: 1, loaded: 1 },
    after: { "K-1": "same", "K-2": "old" },
  },
  mirror: {
    counts: { creates: 1, updates: 1, unchanged: 1, mirrorDeletes: 1, loaded: 3 },
    after: { "K-1": "same", "K-2": "new", "K-4": "made" },
  },
};

/** The gate runs a job of each mode a second time, by one key or by several. */
const secondRuns: Record<"byOne" | "bySeveral", Mode[]> = isFull
  ? { byOne: ["update", "upsert", "delete", "mirror"], bySeveral: ["update", "upsert", "delete", "mirror"] }
  : { byOne: ["update", "delete"], bySeveral: ["upsert", "mirror"] };

function checkMode(mode: Mode): Check {
  return {
    name: `mode ${mode} does what it says, and nothing the second time`,
    async run(rig) {
      for (const values of present) await rig.put(values);
      const { counts, after, rows = source } = modes[mode];
      using project = new ContractProject(rig);
      project.write({ "job.yaml": loadJob(rig, mode), ...rowsFile(rows) });
      const first = await project.run("job.yaml");
      expect(countsOf(first), String(first.error)).toMatchObject(counts);
      expect(await textsOf(rig)).toEqual(after);
      if (!secondRuns.byOne.includes(mode)) return;
      expect(countsOf(await project.run("job.yaml"))).toMatchObject({ creates: 0, updates: 0, deletes: 0, loaded: 0 });
      expect(await textsOf(rig)).toEqual(after);
    },
  };
}

const roles = ["key", "text", "number", "date"] as const;
const keys = ["text", "number"] as const;
const member = (text: string, number: string, date = ""): Values => ({
  key: `${text}-${Number(number)}`,
  text,
  number,
  date,
});
const [old, later] = ["2020-01-01", "2021-02-03"];

/** In this order, each on what the one before has left. */
const bySeveral: { mode: Mode; rows: Values[]; counts: object; again: object; after: string[] }[] = [
  {
    mode: "upsert",
    rows: [member("A", "1.0", later), member("A", "2", old), member("C", "1", old), member("", "1"), member("A", "")],
    counts: { creates: 1, updates: 1, unchanged: 1, rejected: 2, loaded: 2 },
    again: { unchanged: 3, rejected: 2, loaded: 0 },
    after: [`A 1 ${later}`, `A 2 ${old}`, `B 1 ${old}`, `C 1 ${old}`],
  },
  {
    mode: "update",
    rows: [member("B", "1", later), member("B", "2", later)],
    counts: { updates: 1, unmatched: 1, loaded: 1 },
    again: { unchanged: 1, unmatched: 1, loaded: 0 },
    after: [`A 1 ${later}`, `A 2 ${old}`, `B 1 ${later}`, `C 1 ${old}`],
  },
  {
    mode: "delete",
    rows: [member("A", "2"), member("C", "2")],
    counts: { deletes: 1, unmatched: 1, loaded: 1 },
    again: { unmatched: 2, loaded: 0 },
    after: [`A 1 ${later}`, `B 1 ${later}`, `C 1 ${old}`],
  },
  {
    mode: "mirror",
    rows: [member("A", "1", later), member("B", "3", old)],
    counts: { creates: 1, unchanged: 1, mirrorDeletes: 2, loaded: 3 },
    again: { unchanged: 2, loaded: 0 },
    after: [`A 1 ${later}`, `B 3 ${old}`],
  },
];

const checkSeveralKeys: Check = {
  name: "records are told apart by several fields in every mode, and by a blank one in none",
  async run(rig) {
    for (const values of [member("A", "1", old), member("A", "2", old), member("B", "1", old)]) await rig.put(values);
    using project = new ContractProject(rig);
    for (const { mode, rows, counts, again, after } of bySeveral) {
      project.write({ "job.yaml": loadJob(rig, mode, { roles, keys }), ...rowsFile(rows, roles) });
      const first = await project.run("job.yaml");
      expect(countsOf(first), `${mode} ${String(first.error)}`).toMatchObject(counts);
      if (secondRuns.bySeveral.includes(mode))
        expect(countsOf(await project.run("job.yaml")), mode).toMatchObject(again);
      const live = [...(await rig.live()).values()].map(({ text, number, date }) => `${text} ${number} ${date}`);
      expect(live.sort(), mode).toEqual(after);
    }
  },
};

export const modeChecks = [...(Object.keys(modes) as Mode[]).map(checkMode), checkSeveralKeys];
