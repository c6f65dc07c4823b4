// Values of every type there and back, blank ones, and keys with anything in them.

import { parse } from "csv-parse/sync";
import { expect } from "vitest";
import type { Check } from "../check.ts";
import { extractJob, loadJob, rowsFile } from "../jobs.ts";
import { ContractProject, countsOf } from "../project.ts";
import type { ConnectorRig, Role, Values } from "../rig.ts";

const roles: Role[] = ["key", "text", "number", "boolean", "date", "datetime"];
/** Each as a file has it, and as it stands in the system afterwards where that is another text for the same value. */
const oddRows = ({ firstInstant = "1970-01-01T00:00:00.000Z" }: ConnectorRig): Values[] => [
  {
    key: "V-1",
    text: 'O\'Brien, "Ann"; 50 %',
    number: "-0.5",
    boolean: "false",
    date: "1999-12-31",
    datetime: "2026-03-29T01:30:00.000Z",
  },
  {
    key: "V-2",
    text: "Straße 数字 🙂 null",
    number: "1234567.89",
    boolean: "true",
    date: "2024-02-29",
    datetime: "2026-10-25T00:30:00.000Z",
  },
  {
    key: "V-3",
    text: "#N/A?",
    number: "0",
    boolean: "false",
    date: "1970-01-01",
    datetime: firstInstant,
  },
  { key: "V-4", text: "x", boolean: "true" },
];

const checkValues: Check = {
  name: "values of every type are stored as they are, compare as equal, and come back the same",
  async run(rig) {
    using project = new ContractProject(rig);
    const odd = oddRows(rig);
    project.write({
      "job.yaml": loadJob(rig, "upsert", { roles }),
      "out.yaml": extractJob(rig),
      ...rowsFile(odd, roles),
    });
    const first = await project.run("job.yaml");
    expect(countsOf(first), String(first.error)).toMatchObject({ creates: 4, loaded: 4 });
    const wanted = new Map(odd.map((row) => [row.key, row]));
    expect(await rig.live()).toEqual(wanted);
    expect(countsOf(await project.run("job.yaml"))).toMatchObject({ unchanged: 4, updates: 0 });
    const out = await project.run("out.yaml");
    expect(out.summary.exitCode, String(out.error)).toBe(0);
    const rows = parse(project.read("drop/out.csv"), { columns: true }) as Record<string, string>[];
    expect(rows.map((row) => row["key"]).sort()).toEqual(["V-1", "V-2", "V-3", "V-4"]);
    // There and back: what came out goes in again as no change.
    project.write({ "drop/rows.csv": project.read("drop/out.csv") });
    expect(countsOf(await project.run("job.yaml"))).toMatchObject({ unchanged: 4, updates: 0 });
  },
};

const checkClear: Check = {
  name: "a blank that clears empties its field; what is not mapped, and what did not change, is not sent",
  async run(rig) {
    const { fields } = rig;
    const [day, roles]: [string, Role[]] = ["2024-02-29", ["key", "number", "date"]];
    await rig.put({ key: "C-1", text: "text", number: "5", date: day });
    using project = new ContractProject(rig);
    project.write({ "job.yaml": loadJob(rig, "upsert", { roles }), ...rowsFile([{ key: "C-1", date: day }], roles) });
    expect(countsOf(await project.run("job.yaml"))).toMatchObject({ updates: 1, loaded: 1 });
    const [sent = ""] = project.ofRun("batches/records-*.csv").split("\n");
    expect(sent).toContain(fields.number);
    expect(sent).not.toContain(fields.date);
    const { text, number, date } = (await rig.live()).get("C-1") ?? {};
    expect({ text, number, date }).toEqual({ text: "text", number: undefined, date: day });
    expect(countsOf(await project.run("job.yaml"))).toMatchObject({ unchanged: 1, updates: 0 });
  },
};

/** Some are of use to no one but a person who tries what breaks. */
const oddKeys = [
  "007",
  "7",
  "a'b",
  'a"b',
  "a,b",
  "a b",
  "a%b",
  "a_b",
  "ä",
  "日本",
  "🙂",
  "-1",
  "=1+1",
  "null",
  "a\\b",
  "a&b",
  "a/b?c#d",
];

const checkKeys: Check = {
  name: "keys are found as they are, by name and in a scan",
  async run(rig) {
    using project = new ContractProject(rig);
    project.write({
      "job.yaml": loadJob(rig, "upsert"),
      "mirror.yaml": loadJob(rig, "mirror").replace("name: load", "name: mirror"),
      ...rowsFile(oddKeys.map((key) => ({ key, text: "t" }))),
    });
    const first = await project.run("job.yaml");
    expect(countsOf(first), String(first.error)).toMatchObject({ creates: oddKeys.length, loaded: oddKeys.length });
    expect([...(await rig.live()).keys()].sort()).toEqual([...oddKeys].sort());
    expect(countsOf(await project.run("job.yaml"))).toMatchObject({ unchanged: oddKeys.length, creates: 0 });
    expect(countsOf(await project.run("mirror.yaml"))).toMatchObject({ unchanged: oddKeys.length, mirrorDeletes: 0 });
  },
};

export const valueChecks = [checkValues, checkClear, checkKeys];
