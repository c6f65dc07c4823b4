// Present values of HubSpot that are kept from run to run: its index is behind, and nothing is written by what it hides.

import { expect, test } from "vitest";
import type { RunSummary } from "../../src/report/summary.ts";
import { type Rehearsal, rehearse } from "./support.ts";

const hourMs = 3_600_000;
const minuteMs = 60_000;
/** More than are named before it is asked how many there are. */
const rows = 1100;

const schema = {
  hubspot: {
    contacts: { properties: { ext_id: { type: "string", fieldType: "text", hasUniqueValue: true } } },
  },
};

const job = (target = "", field = "phone") => `version: 1
name: kept
streams:
  contacts:
    source: { connection: drop, files: "people.csv" }
    target: { connection: hubspot, object: contacts, key: ext_id, mode: upsert${target} }
    map: { ext_id: id, lastname: last, ${field}: phone }
rejects: { max: 100% }
`;

/** What the source says, by key. */
const people = new Map(Array.from({ length: rows }, (_, row) => [`k${row}`, "0"]));
const csv = () => ["id,last,phone", ...[...people].map(([id, phone]) => `${id},l,${phone}`)].join("\n");

/** Makes a plan, and gives what it prints. */
async function plan({ project }: Rehearsal, target = "", ...flags: string[]): Promise<string> {
  project.write({ "inbox/people.csv": csv(), "job.yaml": job(target) });
  const planned = await project.run("plan", "job.yaml", ...flags);
  expect(planned.code, planned.stderr).toBe(0);
  return planned.stdout;
}

/** Of what `plan` or `show` printed. */
function howIn(printed: string): string {
  const text = printed.replaceAll(/\s+/g, " ");
  return /present values: (?<how>.*?)(;? writes:| part size| [\d,]+ extracted|$)/.exec(text)?.groups?.["how"] ?? text;
}

async function changesOf({ project }: Rehearsal): Promise<string[]> {
  return (await project.run("show", "latest", "--changes", "--json")).stdout.trim().split("\n").sort();
}

async function planHow(place: Rehearsal, target = ""): Promise<string> {
  return howIn(await plan(place, target));
}

async function planChanges(place: Rehearsal, target = ""): Promise<string[]> {
  await plan(place, target);
  return changesOf(place);
}

function streamOf(summary: string): Partial<RunSummary["streams"][string]> {
  return (JSON.parse(summary) as RunSummary).streams["contacts"] ?? {};
}

const readAnew = ", present: read";

async function run({ project }: Rehearsal): Promise<void> {
  project.write({ "inbox/people.csv": csv(), "job.yaml": job() });
  const done = await project.run("run", "job.yaml", "--json");
  expect(done.code, done.stderr).toBe(0);
}

function call({ sandbox }: Rehearsal, method: string, path: string, body?: object) {
  return sandbox.hubspotApi(method, `/crm/v3/objects/contacts${path}`, body);
}

const write = (place: Rehearsal, id: string | undefined, properties: object) =>
  call(place, "PATCH", `/${id}`, { properties });

async function setLag({ sandbox }: Rehearsal, ms: number): Promise<void> {
  await sandbox.hubspotApi("POST", "/__sandbox/hubspot/search-lag", { ms });
}

/** Records of the source's rows, as they are now: key and id. */
async function recordsOf({ sandbox }: Rehearsal): Promise<[string, string][]> {
  const live = (await sandbox.dumpHubSpot("contacts")).filter(({ archived }) => !archived);
  const named = live.map(({ id, properties }): [string, string] => [properties["ext_id"] ?? "", id]);
  return named.filter(([key]) => people.has(key));
}

test("a plan by what is kept is the plan by all records, and no write goes by what the index hides", async () => {
  await using place = await rehearse(job(), { "inbox/people.csv": csv() }, schema);
  await run(place);
  await place.sandbox.advance(3 * hourMs);
  // Of an empty portal nothing was kept.
  expect(await planHow(place)).toMatch(/^kept of .*, 1,100 changed, 0 deleted since; 9 calls$/);
  await place.sandbox.advance(hourMs);

  // Overnight, each to a record of its own; two that the source has changed too.
  const [a, b, c, d, e, f] = await recordsOf(place);
  await write(place, a?.[1], { phone: "9" });
  await write(place, b?.[1], { ext_id: "" });
  await call(place, "DELETE", `/${c?.[1]}`);
  await call(place, "POST", "/merge", { primaryObjectId: d?.[1], objectIdToMerge: e?.[1] });
  await write(place, f?.[1], { ext_id: "renamed" });
  await call(place, "POST", "", { properties: { ext_id: "made", lastname: "l", phone: "1" } });
  for (const key of ["renamed", "made", a?.[0] ?? "", "k900"]) people.set(key, "2");
  await place.sandbox.advance(hourMs);
  const { presentValues: kept, ...keptCounts } = streamOf(await plan(place, "", "--json"));
  const keptChanges = await changesOf(place);
  const how = howIn((await place.project.run("show", "latest")).stdout);
  const { presentValues: read, ...readCounts } = streamOf(await plan(place, readAnew, "--json"));
  expect([keptCounts, keptChanges]).toEqual([readCounts, await changesOf(place)]);
  expect(how).toMatch(/^kept of \S+ \S+, .* 4 deleted since; 4 calls; \d+ rows that would be written by 1 batch read/);

  const asOf = expect.stringMatching(/^20.*Z$/);
  expect([kept, read]).toEqual([{ how: "changed", asOf }, { how: "all" }]);

  // The index is behind from here on.
  await setLag(place, 10 * minuteMs);
  const [g, h, i] = (await recordsOf(place)).slice(20);
  await call(place, "POST", "", { properties: { ext_id: "hidden", lastname: "l", phone: "3" } });
  await write(place, g?.[1], { phone: "8" });
  await call(place, "DELETE", `/${h?.[1]}`);
  await write(place, i?.[1], { phone: "7" });
  for (const key of ["hidden", g?.[0] ?? ""]) people.set(key, "3");
  const late = await plan(place);
  const lateChanges = await changesOf(place);
  const whole = await planChanges(place, readAnew);
  // What agrees with what the index told is left alone until it tells of the change; all else is as it is.
  const [missed, ...others] = whole.filter((change) => !lateChanges.includes(change));
  expect(missed).toContain(i?.[0]);
  expect([others, lateChanges.filter((change) => !whole.includes(change))]).toEqual([[], []]);
  expect(howIn(late)).toContain("kept of");
  await place.sandbox.advance(hourMs);
  expect(await planChanges(place)).toContain(missed);

  // What an earlier run has just written, and the index does not tell yet, is turned back by a row.
  people.set("k901", "5");
  await run(place);
  people.set("k901", "0");
  const [j] = (await recordsOf(place)).slice(30);
  people.set(j?.[0] ?? "", "1");
  await write(place, j?.[1], { phone: "1" });
  await place.sandbox.advance(11 * minuteMs);
  await write(place, j?.[1], { phone: "0" });
  const turned = await plan(place);
  const turnedChanges = await changesOf(place);
  expect(turnedChanges.join()).toContain("k901");
  expect(howIn(turned)).toMatch(/not as kept: this project wrote contacts 1[12] minutes ago/);
  // The index tells what the list has told as older.
  expect(await planChanges(place)).toEqual(turnedChanges);

  // Nothing tells of what was deleted for good but the count.
  const [gone] = await recordsOf(place);
  await call(place, "POST", "/gdpr-delete", { objectId: gone?.[1] });
  await place.sandbox.advance(hourMs);
  expect(await planHow(place)).toMatch(/, not as kept: the target counts [\d,]+ records, and they came to [\d,]+$/);
});
