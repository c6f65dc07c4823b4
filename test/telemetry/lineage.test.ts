// A run's lineage, held against the JSON Schemas that OpenLineage publishes (openlineage/).

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { expect, test } from "vitest";
import { contactsJob, rehearse } from "../run/support.ts";
import { startReceiver } from "./receiver.ts";

const folder = join(import.meta.dirname, "openlineage");
const ajv = new Ajv2020({ allErrors: true, strict: false });
addFormats.default(ajv);
for (const name of readdirSync(folder).filter((file) => file.endsWith(".json")))
  ajv.addSchema(JSON.parse(readFileSync(join(folder, name), "utf8")));

/** Against the schema that the event names, and each of its facets against the one that it names. */
function problemsOf(event: unknown): string[] {
  const found: string[] = [];
  const check = (schema: string, value: unknown) => {
    const validate = ajv.getSchema(schema);
    if (validate === undefined) found.push(`no schema ${schema}`);
    else if (!validate(value))
      found.push(...(validate.errors ?? []).map((one) => `${schema}${one.instancePath} ${one.message}`));
  };
  const look = (value: unknown) => {
    if (typeof value !== "object" || value === null) return;
    const { _schemaURL: facet, schemaURL } = value as Record<string, unknown>;
    for (const schema of [facet, schemaURL]) if (typeof schema === "string") check(schema, value);
    for (const part of Object.values(value)) look(part);
  };
  look(event);
  return found;
}

const csv =
  "id,last,first,email,state\na,Alpha,Ada,ada@acme.test,ok\nb,Beta,Bea,b@acme.test,ok\nc,Gamma,C,c@acme.test,off\n";
const map = "      Ext__c: id\n      LastName: upper(last) || ' ' || first\n      Email: email";

test("the schemas refuse what is no event", () => {
  const schemaURL = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";
  expect(problemsOf({ schemaURL, eventType: "BEGIN" }).length).toBeGreaterThan(2);
});

test("a URL gets START and COMPLETE: datasets, their schemas, which columns each field is made of, and statistics", async () => {
  using receiver = await startReceiver({ status: 201, body: "" });
  const job = contactsJob({
    map,
    stream: "    dedupe: { by: [Ext__c], keep: last }",
    top: `lineage: "\${LINEAGE_URL}"`,
  });
  await using rehearsal = await rehearse(
    job.replace("contacts*.csv", "contacts_*.csv").replace('csv" }', `csv", keep: "state = 'ok'" }`),
    {
      "inbox/contacts_1.csv": csv,
    },
  );
  const { project } = rehearsal;
  project.env = {
    LINEAGE_URL: `${receiver.origin}/api/v1/lineage?token=very-secret`,
    OPENLINEAGE_API_KEY: "also-secret",
  };
  const planned = await project.run("plan", "job.yaml");
  expect([planned.code, receiver.received]).toEqual([0, []]);
  const run = await project.run("run", "job.yaml", "--json");
  expect(run).toMatchObject({ code: 0, stderr: expect.not.stringContaining("warning") });
  const events = receiver.received.map(({ text }) => JSON.parse(text));
  for (const event of events) expect(problemsOf(event)).toEqual([]);
  expect(events.map(({ eventType }) => eventType)).toEqual(["START", "COMPLETE"]);
  expect(receiver.received[0]?.headers["authorization"]).toBe("Bearer also-secret");
  const [start, end] = events;
  expect(end.run.runId).toBe(start.run.runId);
  expect(end.run.facets.tags.tags).toMatchObject([{ key: "loadline_run", value: run.summary().run }]);
  expect(end.job).toMatchObject({ namespace: "loadline", name: "contacts" });
  const source = { namespace: "file", name: project.path("inbox/contacts_*.csv") };
  expect(end.inputs).toMatchObject([
    { ...source, inputFacets: { inputStatistics: { rowCount: 3, size: csv.length, fileCount: 1 } } },
  ]);
  expect(end.outputs).toMatchObject([
    {
      namespace: "salesforce://00Dsandbox00000",
      name: "Contact",
      facets: {
        schema: {
          fields: [{ name: "Ext__c", type: "string" }, { name: "LastName" }, { name: "Email", type: "email" }],
        },
      },
      outputFacets: { outputStatistics: { rowCount: 2 } },
    },
  ]);
  const { fields, dataset } = end.outputs[0].facets.columnLineage;
  const made = (subtype: string) => (field: string) => ({
    ...source,
    field,
    transformations: [{ type: "DIRECT", subtype }],
  });
  expect(fields).toEqual({
    Ext__c: { inputFields: ["id"].map(made("IDENTITY")) },
    LastName: { inputFields: expect.arrayContaining(["last", "first"].map(made("TRANSFORMATION"))) },
    Email: { inputFields: ["email"].map(made("IDENTITY")) },
  });
  expect(dataset).toEqual([{ ...source, field: "state", transformations: [{ type: "INDIRECT", subtype: "FILTER" }] }]);
  const told = receiver.received.map(({ text }) => text).join("");
  expect(told).not.toMatch(/ada|Alpha|very-secret|also-secret/);
});

test("a file gets a line for each event; a run that is stopped or fails says so; what can't be told changes nothing", async () => {
  const stopped = contactsJob({ top: "lineage: told/lineage.jsonl\nguards: { creates: 0 }" });
  await using rehearsal = await rehearse(stopped, {
    "inbox/contacts.csv": "id,last,email\na,Alpha,a@acme.test\n",
    "told/keep": "",
    "failed.yaml": contactsJob({ map: "      Ext__c: nothing", top: "lineage: told/lineage.jsonl" }),
    "nowhere.yaml": contactsJob({ top: "lineage: https://127.0.0.1:9/lineage" }).replace("contacts\n", "nowhere\n"),
    "plain.yaml": contactsJob({ top: "lineage: http://lineage.invalid/" }),
  });
  const { project } = rehearsal;
  expect((await project.run("run", "job.yaml")).code).toBe(4);
  expect((await project.run("run", "failed.yaml")).code).toBe(2);
  const events = project
    .read("told/lineage.jsonl")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  for (const event of events) expect(problemsOf(event)).toEqual([]);
  expect(events.map(({ eventType }) => eventType)).toEqual(["START", "ABORT", "START", "FAIL"]);
  expect(events[1].run.facets.errorMessage.message).toContain("stopped before anything was written");
  expect(events[1].outputs[0].outputFacets.outputStatistics.rowCount).toBe(0);
  const nowhere = await project.run("run", "nowhere.yaml", "--quiet");
  expect([nowhere.code, nowhere.stderr]).toEqual([
    0,
    expect.stringContaining("warning: OpenLineage: it can't be told"),
  ]);
  const plain = await project.run("run", "plain.yaml", "--quiet");
  expect([plain.code, plain.stderr]).toEqual([0, expect.stringMatching(/^warning: plain\.yaml:\d+:\d+: .*https/)]);
});
