// Present values that are kept from run to run: a plan by them is the plan without them.

import { expect, test } from "vitest";
import { seededFraction } from "../../src/core/random.ts";
import type { Sandbox } from "../support/rig.ts";
import { type Rehearsal, rehearse, schema } from "./support.ts";

const draw = seededFraction(Number(process.env["LOADLINE_PROPERTY_SEED"] ?? 20_261_127));
const pick = <Item>(items: readonly Item[]): Item | undefined => items[Math.floor(draw() * items.length)];
const hourMs = 3_600_000;

/** A key of several fields, none of them unique: all records are read, however few rows there are. */
const job = (name: string, target = "", field = "Phone") => `version: 1
name: ${name}
streams:
  contacts:
    source: { connection: drop, files: "people.csv" }
    target: { connection: salesforce, object: Contact, key: [LastName, FirstName], mode: upsert${target} }
    map: { LastName: last, FirstName: first, Email: email, ${field}: phone }
rejects: { max: 100% }
`;

const names = Array.from({ length: 12 }, (_, place) => `n${place}`);
const header = "last,first,email,phone";
const people = () =>
  [
    header,
    ...names
      .filter(() => draw() < 0.8)
      .map((name) => `${name},f,${name}${Math.floor(draw() * 3)}@x.example,${Math.floor(draw() * 3)}`),
  ].join("\n");

async function control(sandbox: Sandbox, action: string, body: object): Promise<void> {
  const answer = await fetch(`${sandbox.origin}/__sandbox/salesforce/${action}`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  expect(answer.ok, await answer.text()).toBe(true);
}

const begin = (rows = people()) =>
  rehearse(job("kept"), { "inbox/people.csv": rows, "read.yaml": job("read", ", present: read") }, schema);

interface Planned {
  how: string;
  changes: unknown[];
  streams: unknown;
}

/** The plan of a job, and what its present values were read by. */
async function plan({ project }: Rehearsal, file: string, ...flags: string[]): Promise<Planned> {
  const planned = await project.run("plan", file, "--json", ...flags);
  expect(planned.code, planned.stderr).toBe(0);
  const { run, streams } = planned.summary();
  const changes = await project.run("show", run, "--changes", "--json");
  return { how: await howOf(project, run), streams, changes: changes.stdout.trim().split("\n").sort() };
}

async function howOf(project: Rehearsal["project"], run: string): Promise<string> {
  const shown = (await project.run("show", run)).stdout.replaceAll(/\s+/g, " ");
  return /present values: (?<how>.*?)(; writes|$| \d+ extracted)/.exec(shown)?.groups?.["how"] ?? shown;
}

/** What people do to an org overnight. */
async function disturb({ sandbox }: Rehearsal): Promise<void> {
  const all = await sandbox.dump("Contact");
  const live = all.filter((one) => one["IsDeleted"] !== true).map((one) => String(one["Id"]));
  const id = pick(live);
  const what = pick(["edit", "edit", "create", "delete", "purge", "merge", "rename", "clear"]);
  const write = (body: object) => sandbox.api("PATCH", `sobjects/Contact/${id}`, body);
  if (id === undefined || what === "create")
    await sandbox.api("POST", "sobjects/Contact", { LastName: pick(names), FirstName: pick(["f", "g"]) });
  else if (what === "edit") await write({ Phone: String(Math.floor(draw() * 3)) });
  else if (what === "rename") await write({ LastName: pick(names) });
  else if (what === "clear") await write({ FirstName: null });
  else if (what === "delete" || what === "purge") {
    await sandbox.api("DELETE", `sobjects/Contact/${id}`);
    if (what === "purge") await control(sandbox, "purge", { object: "Contact", ids: [id] });
  } else if (what === "merge") {
    const other = pick(live.filter((one) => one !== id));
    if (other !== undefined) await control(sandbox, "merge", { object: "Contact", master: id, merged: [other] });
  }
}

test("a plan by kept values is the plan by values read anew, whatever people did in between", async () => {
  await using place = await begin();
  const first = await place.project.run("run", "job.yaml", "--json");
  expect(first.code, first.stderr).toBe(0);
  let keptPlans = 0;
  for (let night = 0; night < 6; night += 1) {
    await place.sandbox.advance(3 * hourMs);
    for (let edits = Math.floor(draw() * 4); edits > 0; edits -= 1) await disturb(place);
    place.project.write({ "inbox/people.csv": people() });
    const kept = await plan(place, "job.yaml");
    const read = await plan(place, "read.yaml");
    expect({ ...kept, how: "" }).toEqual({ ...read, how: "" });
    expect(read.how).toContain("one scan");
    if (kept.how.includes("kept of")) keptPlans += 1;
    expect((await place.project.run("run", "job.yaml")).code).toBe(0);
  }
  expect(keptPlans).toBe(6);
});
