// What every connector holds, tried on each by the same checks. In: a rig. Out: a check that passes, or an error that says
// what the connector did. What must hold: a check uses nothing but the rig and the product; it fails for a connector that
// breaks its part of the contract (test/contract/broken.test.ts breaks each).

import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { extractJob, loadJob, type Mode, rowsFile } from "./jobs.ts";
import { type ConnectorRig, ContractProject, countsOf, type Mishap, type Role, type Values } from "./rig.ts";

export interface Check {
  name: string;
  run(rig: ConnectorRig): Promise<void>;
}

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
      if (mode === "insert") return;
      expect(countsOf(await project.run("job.yaml"))).toMatchObject({ creates: 0, updates: 0, deletes: 0, loaded: 0 });
      expect(await textsOf(rig)).toEqual(after);
    },
  };
}

async function textsOf(rig: ConnectorRig): Promise<Record<string, string | undefined>> {
  return Object.fromEntries([...(await rig.live())].map(([key, { text }]) => [key, text]));
}

const roles: Role[] = ["key", "text", "number", "boolean", "date", "datetime"];
/** Each as a file has it, and as it stands in the system afterwards where that is another text for the same value. */
const oddRows: Values[] = [
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
    datetime: "1970-01-01T00:00:00.000Z",
  },
  { key: "V-4", text: "x", boolean: "true" },
];

const checkValues: Check = {
  name: "values of every type are stored as they are, compare as equal, and come back the same",
  async run(rig) {
    using project = new ContractProject(rig);
    project.write({
      "job.yaml": loadJob(rig, "upsert", roles),
      "out.yaml": extractJob(rig, false),
      ...rowsFile(oddRows, roles),
    });
    const first = await project.run("job.yaml");
    expect(countsOf(first), String(first.error)).toMatchObject({ creates: 4, loaded: 4 });
    const wanted = new Map(oddRows.map((row) => [row.key, row]));
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
  name: "a blank that clears empties its field, and a column that is not mapped stays",
  async run(rig) {
    await rig.put({ key: "C-1", text: "text", number: "5" });
    using project = new ContractProject(rig);
    project.write({
      "job.yaml": loadJob(rig, "upsert", ["key", "number"]),
      ...rowsFile([{ key: "C-1" }], ["key", "number"]),
    });
    expect(countsOf(await project.run("job.yaml"))).toMatchObject({ updates: 1, loaded: 1 });
    const { text, number } = (await rig.live()).get("C-1") ?? {};
    expect({ text, number }).toEqual({ text: "text", number: undefined });
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

const checkWindow: Check = {
  name: "a window takes what changed since the last one, each change once",
  async run(rig) {
    for (const number of [1, 2, 3, 4, 5]) await rig.put({ key: `W-${number}`, text: "one" });
    using project = new ContractProject(rig);
    project.write({ "job.yaml": extractJob(rig, true) });
    const taken = async () => {
      const ended = await project.run("job.yaml");
      expect(ended.summary.exitCode, String(ended.error)).toBe(0);
      const text = project.read(`drop/out-${ended.summary.run}.csv`);
      return (parse(text, { columns: true }) as { key: string; text: string }[])
        .map(({ key, text }) => `${key} ${text}`)
        .sort();
    };
    expect(await taken()).toEqual(["W-1 one", "W-2 one", "W-3 one", "W-4 one", "W-5 one"]);
    await rig.change("W-2", { text: "two" });
    await rig.put({ key: "W-6", text: "one" });
    expect(await taken()).toEqual(["W-2 two", "W-6 one"]);
    expect(await taken()).toEqual([]);
  },
};

const mishaps: Mishap[] = ["cut before", "cut after", 500, 503, 429];

function checkMishap(mishap: Mishap, operation: "insert" | "upsert"): Check {
  return {
    name: `a write (${operation}) that ends as ${mishap} loses and doubles nothing`,
    async run(rig) {
      using project = new ContractProject(rig);
      const rows = Array.from({ length: 7 }, (_, index) => ({ key: `M-${index}`, text: `t${index}` }));
      project.write({ "job.yaml": loadJob(rig, operation), ...rowsFile(rows) });
      await rig.mishap("write", 1, mishap);
      const ended = await project.runToTheEnd("job.yaml");
      expect(ended.summary.exitCode, String(ended.error)).toBe(0);
      expect(await textsOf(rig)).toEqual(Object.fromEntries(rows.map(({ key, text }) => [key, text])));
    },
  };
}

const checkDeletions: Check = {
  name: "a window with deletes tells what was deleted since",
  async run(rig) {
    for (const number of [1, 2, 3]) await rig.put({ key: `D-${number}`, text: "there" });
    using project = new ContractProject(rig);
    const job = extractJob(rig, true).replace(", incremental:", ", deletes: emit, incremental:");
    project.write({ "job.yaml": job.replace("    map:\n", `    map:\n      deleted: ${rig.deletedColumn}\n`) });
    const taken = async () => {
      const ended = await project.run("job.yaml");
      expect(ended.summary.exitCode, String(ended.error)).toBe(0);
      return parse(project.read(`drop/out-${ended.summary.run}.csv`), { columns: true }) as Record<string, string>[];
    };
    expect((await taken()).map(({ deleted }) => deleted)).toEqual(["false", "false", "false"]);
    await rig.remove("D-2");
    expect((await taken()).map(({ deleted }) => deleted)).toEqual(["true"]);
  },
};

/** Only where the connector is not part of the product: what is, is killed at every step by test/crash. */
const checkKills: Check = {
  name: "a run that is killed at any step, and gone on with, leaves what an undisturbed one does",
  async run(rig) {
    if (rig.program === undefined) return;
    const rows = Array.from({ length: 5 }, (_, index) => ({ key: `S-${index}`, text: "t" }));
    using whole = new ContractProject(rig);
    whole.write({ "job.yaml": loadJob(rig, "insert"), ...rowsFile(rows) });
    const { hits } = await whole.runKilled("job.yaml", "");
    const wanted = await textsOf(rig);
    expect(Object.keys(wanted)).toHaveLength(5);
    for (const failpoint of new Set(hits)) {
      for (const key of Object.keys(await textsOf(rig))) await rig.remove(key);
      using project = new ContractProject(rig);
      project.write({ "job.yaml": loadJob(rig, "insert"), ...rowsFile(rows) });
      expect(await project.runKilled("job.yaml", failpoint), failpoint).toMatchObject({ signal: "SIGKILL" });
      const ended = await project.runToTheEnd("job.yaml");
      expect(ended.summary.exitCode, `${failpoint}: ${String(ended.error)}`).toBe(0);
      expect(await textsOf(rig), failpoint).toEqual(wanted);
    }
  },
};

const checkRefusedRow: Check = {
  name: "a row that the system refuses costs no other row, and is told by its line and field",
  async run(rig) {
    using project = new ContractProject(rig);
    const { field, value } = rig.refused;
    const job = loadJob(rig, "upsert").replace("    map:\n", `    map:\n      ${field}: refused\n`);
    const isText = field === rig.fields.text;
    project.write({
      // One field, one expression: where it is the one of the texts, these give way.
      "job.yaml": isText ? job.replace(`      ${field}: { from: '"text"', on_null: clear }\n`, "") : job,
      "drop/rows.csv": `key,text,refused\nR-1,good,\nR-2,good,${value}\nR-3,good,\n`,
    });
    const ended = await project.run("job.yaml");
    expect(countsOf(ended), String(ended.error)).toMatchObject({ loaded: 2, failed: 1 });
    expect([...(await rig.live()).keys()].sort()).toEqual(["R-1", "R-3"]);
    const [reject] = parse(project.ofRun("rejects/records.csv"), { columns: true }) as Record<string, string>[];
    expect(reject).toMatchObject({ key: "R-2", loadline_field: field, loadline_line: "3" });
    expect(reject?.["loadline_error"]).not.toBe("");
  },
};

const checkNames: Check = {
  name: "an object and a field that are not there are refused by name before anything is read",
  async run(rig) {
    using project = new ContractProject(rig);
    const job = loadJob(rig, "upsert");
    project.write({ "field.yaml": job.replace(`${rig.fields.text}:`, "no_such_field:"), ...rowsFile(source) });
    const field = await project.run("field.yaml");
    expect(field.summary.exitCode).toBe(2);
    expect(String(field.error)).toContain("no_such_field");
    project.write({ "object.yaml": job.replace(`object: ${rig.object}`, "object: NoSuchObject__c") });
    const object = await project.run("object.yaml");
    expect(object.summary.exitCode).toBe(2);
    expect(String(object.error)).toContain("NoSuchObject__c");
    expect(await rig.live()).toEqual(new Map());
  },
};

const checkSignIn: Check = {
  name: "a sign-in that is refused ends with exit code 8 and shows no credential",
  async run(rig) {
    const environment = Object.fromEntries(Object.keys(rig.environment).map((name) => [name, "wrong-credential-4711"]));
    using project = new ContractProject({ ...rig, environment } as ConnectorRig);
    project.write({ "job.yaml": loadJob(rig, "upsert"), ...rowsFile(source) });
    const ended = await project.run("job.yaml");
    expect(ended.summary.exitCode, String(ended.error)).toBe(8);
    expect(JSON.stringify(ended.summary)).not.toContain("wrong-credential-4711");
  },
};

export const checks: Check[] = [
  ...(Object.keys(modes) as Mode[]).map(checkMode),
  checkValues,
  checkClear,
  checkKeys,
  checkWindow,
  checkDeletions,
  checkKills,
  ...mishaps.map((mishap) => checkMishap(mishap, "upsert")),
  ...mishaps.map((mishap) => checkMishap(mishap, "insert")),
  checkRefusedRow,
  checkNames,
  checkSignIn,
];

/** One test for each check; `open` gives an empty system each time. */
export function testConnector(open: () => Promise<ConnectorRig>): void {
  test.each(checks)("$name", async ({ run }) => {
    await using rig = await open();
    await run(rig);
  });
}
