// Creates under a key of several fields, which the target would take a second time: killed at step after step they are there
// once each.

import { expect, test } from "vitest";
import { rehearse } from "../run/support.ts";

const job = (connection: string, object: string, map: string, key: string) => `version: 1
name: members
streams:
  s:
    source: { connection: drop, files: in.csv }
    target: { connection: ${connection}, object: ${object}, key: ${key}, mode: upsert, batch: { rows: 2 } }
    map: ${map}
`;
const lead = job("salesforce", "Lead", "{ Company: a, LastName: b, Title: t }", "[Company, LastName]");
const contact = job("hubspot", "contacts", "{ company: a, lastname: b, jobtitle: t }", "[company, lastname]");
const rows = ["x,1,new", "x,2,new", "y,1,new", "y,2,new", "z,1,new"];
const files = { "hubspot.yaml": contact, "inbox/in.csv": `a,b,t\n${rows.join("\n")}\n` };

test("in bulk, by the handle of their job", async () => {
  await using place = await rehearse(lead, files);
  const { project, sandbox } = place;
  await sandbox.api("POST", "sobjects/Lead", { Company: "X", LastName: "2", Title: "old" });
  const steps = ["handle", "committed", "fetched"];
  for (const [index, step] of steps.entries()) {
    const command = index === 0 ? ["run", "job.yaml"] : ["resume"];
    const killed = await project.start(command, { env: { LOADLINE_FAILPOINT: `${step}:1` } }).finished;
    expect(killed.signal, `${step}: ${killed.stderr}`).toBe("SIGKILL");
  }
  const done = await project.run("resume", "--json");
  expect(done.code, done.stderr).toBe(0);
  const live = (await sandbox.dump("Lead")).map((one) => `${one["Company"]},${one["LastName"]},${one["Title"]}`);
  expect(live.map((one) => one.toLowerCase()).sort()).toEqual(rows);
  expect((await project.run("run", "job.yaml", "--json")).summary().streams["s"]).toMatchObject({ unchanged: 5 });
});

test("by calls, looked up by their keys; what is not there waits for a person", async () => {
  await using place = await rehearse(lead, files);
  const { project, sandbox } = place;
  const live = async () =>
    (await sandbox.dumpHubSpot("contacts"))
      .map(({ properties: p }) => `${p["company"]},${p["lastname"]},${p["jobtitle"]}`)
      .sort();
  // Of the batches in flight some are written, and none is known to be.
  const killed = await project.start(["run", "hubspot.yaml"], { env: { LOADLINE_FAILPOINT: "fetched:1" } }).finished;
  expect(killed.signal, killed.stderr).toBe("SIGKILL");
  const doubtful = await project.run("resume", "--json");
  const landed = (await live()).length;
  expect(landed).toBeGreaterThan(0);
  expect(doubtful.code, doubtful.stderr).toBe(landed === rows.length ? 0 : 5);
  expect(doubtful.summary().streams["s"]).toMatchObject({ loaded: landed, inDoubt: rows.length - landed });
  const done = await project.run("resume", "--in-doubt", "not-landed", "--json");
  expect(done.code, done.stderr).toBe(0);
  expect(await live()).toEqual(rows);
  expect((await project.run("run", "hubspot.yaml", "--json")).summary().streams["s"]).toMatchObject({ unchanged: 5 });
});
