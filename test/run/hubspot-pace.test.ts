// What loadline uses of an account: the calls of ten seconds, shared by all runs, those of the day, and what it foretells.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { connections } from "../support/rig.ts";
import { type Rehearsal, rehearse } from "./support.ts";

const unique = { type: "string", fieldType: "text", hasUniqueValue: true };
const hubspot = { contacts: { properties: { ext_id: unique } }, companies: { properties: { vendor_id: unique } } };

interface Parts {
  name?: string;
  object?: string;
  files?: string;
  map?: string;
  top?: string;
}

function job({ name = "contacts", object = "contacts", map = "", top = "" }: Parts = {}): string {
  const fields = object === "contacts" ? ["ext_id", "lastname"] : ["vendor_id", "name"];
  return `version: 1
name: ${name}
streams:
  contacts:
    source: { connection: drop, files: ${name}.csv }
    target: { connection: hubspot, object: ${object}, key: ${fields[0]}, mode: upsert }
    map:
      ${fields[0]}: id
      ${fields[1]}: last
${map}
${top}
`;
}

function csv(prefix: string, rows: number): string {
  const lines = Array.from({ length: rows }, (_, index) => `${prefix}${index},p${index},V${index % 20}`);
  return `id,last,company\n${lines.join("\n")}\n`;
}

function events(run: Rehearsal): string {
  return run.project
    .runFolders()
    .map((folder) => readFileSync(join(folder, "events.jsonl"), "utf8"))
    .join("");
}

test("two runs at one time share one pace, and neither meets the account's limit", async () => {
  const jobs = ["contacts", "companies"];
  const files = Object.fromEntries(
    jobs.flatMap((name) => [
      [`${name}.yaml`, job({ name, object: name })],
      [`inbox/${name}.csv`, csv(name, 2500)],
    ]),
  );
  // Some sixty calls: each run alone would stay below the limit, both at once would not.
  await using run = await rehearse(job(), files, { hubspot, hubspotLimits: { tenSecondly: 40 } });
  const done = await Promise.all(jobs.map((name) => run.project.run("run", `${name}.yaml`, "--json")));
  expect(done.map(({ code }) => code)).toEqual([0, 0]);
  const calls = done.map((one) => one.summary().apiCalls["hubspot"] ?? 0);
  expect((calls[0] ?? 0) + (calls[1] ?? 0)).toBeGreaterThan(40);
  // A call that is refused is made again, and told so.
  expect(events(run)).not.toContain('"retry"');
  for (const name of jobs) expect(await run.sandbox.dumpHubSpot(name)).toHaveLength(2500);
}, 90_000);

test("what a plan foretells of its calls is what the load then takes, with parents too", async () => {
  const map = "      companies.vendor_id: company";
  const limits = { tenSecondly: 10_000, searchPerSecond: 1000 };
  await using run = await rehearse(
    job({ map }),
    { "inbox/contacts.csv": csv("r", 3000) },
    { hubspot, hubspotLimits: limits },
  );
  for (let index = 0; index < 20; index += 1) {
    const properties = { name: `Company ${index}`, vendor_id: `V${index}` };
    await run.sandbox.hubspotApi("POST", "/crm/v3/objects/companies", { properties });
  }
  const plan = JSON.parse((await run.project.run("plan", "job.yaml", "--json")).stdout) as {
    forecast: { calls: number }[];
    apiCalls: Record<string, number>;
  };
  const foretold = (plan.apiCalls["hubspot"] ?? 0) + (plan.forecast[0]?.calls ?? 0);
  const done = await run.project.run("run", "job.yaml", "--json");
  expect(done.code, done.stderr).toBe(0);
  const taken = done.summary().apiCalls["hubspot"] ?? 0;
  expect(Math.abs(foretold - taken) / taken, `${foretold} foretold, ${taken} taken`).toBeLessThan(0.1);
});

test("a share of the day that is used up stops a load before anything is written", async () => {
  await using run = await rehearse(
    job(),
    { "inbox/contacts.csv": csv("r", 500) },
    { hubspot, hubspotLimits: { daily: 100 } },
  );
  const written = connections(run.sandbox)["connections.yaml"] ?? "";
  run.project.write({ "connections.yaml": written.replace("burst: 100%", "burst: 100%, daily: 10%") });
  const stopped = await run.project.run("run", "job.yaml", "--json");
  expect(stopped.code, stopped.stderr).toBe(75);
  expect(stopped.stderr).toContain("stopped before anything was written");
  expect(stopped.stderr).toContain("share (limits.daily, 10 %)");
  expect(await run.sandbox.dumpHubSpot("contacts")).toHaveLength(0);
});
