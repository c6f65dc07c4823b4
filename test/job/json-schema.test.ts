// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of connections.yaml are written so

import { globSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { connectors } from "../../src/connectors/registry.ts";
import { connectionsJsonSchema, jobJsonSchema } from "../../src/job/json-schema.ts";
import { connections, contactsJob, futureJob } from "./examples.ts";
import { isValid } from "./json-schema-validator.ts";
import { jobText } from "./rig.ts";

const acceptsJob = (text: string) => isValid(jobJsonSchema(), parse(text));
const acceptsConnections = (text: string) => isValid(connectionsJsonSchema(connectors), parse(text));

describe("the JSON Schema of a job", () => {
  test("accepts jobs, also with what is not built yet", () => {
    expect(acceptsJob(contactsJob)).toBe(true);
    expect(acceptsJob(futureJob)).toBe(true);
    expect(acceptsJob(jobText({ map: "Zip: 01234\nA: true\nB: ~" }))).toBe(true);
  });

  test.each([
    ["an unknown key", jobText({ job: "gaurds: {}\n" })],
    ["an unknown key in a stream", jobText({ stream: "sorce: {}" })],
    ["an unknown mode", jobText().replace("mode: upsert", "mode: upsrt")],
    ["a list as an expression", jobText({ map: "Zip: [a]" })],
    ["both from and lookup", jobText({ map: "Zip: { from: a, lookup: { file: a, key: b, value: c, from: d } }" })],
    ["miss without parent", jobText({ map: "Zip: { from: a, miss: reject }" })],
    ["a rule without field and expr", jobText({ stream: "validate: [{ required: true }]" })],
    ["a wrong unit", jobText({ job: "keep: { runs: 14 days }\n" })],
    ["no streams", "version: 1\nname: a\nstreams: {}\n"],
    ["another version", jobText().replace("version: 1", "version: 2")],
    ["an unsafe name", jobText().replace("name: accounts", "name: ../a")],
  ])("refuses %s", (_what, text) => {
    expect(acceptsJob(text)).toBe(false);
  });
});

describe("the JSON Schema of connections", () => {
  test("accepts connections of every type", () => {
    expect(acceptsConnections(connections)).toBe(true);
  });

  test.each([
    ["a literal secret", connections.replace('"${SF_TOKEN}"', "abc")],
    ["two flows", connections.replace("auth: { jwt:", 'auth: { access_token: "${A}", jwt:')],
    ["an unknown type", connections.replace("type: file", "type: ftp")],
    ["x- keys", `${connections}x-a: 1\n`],
  ])("refuses %s", (_what, text) => {
    expect(acceptsConnections(text)).toBe(false);
  });
});

describe("both schemas", () => {
  test.each([
    ["job", jobJsonSchema()],
    ["connections", connectionsJsonSchema(connectors)],
  ])("describe every key of a %s file, in draft 2020-12", (_what, schema) => {
    expect(schema).toHaveProperty("$schema", "https://json-schema.org/draft/2020-12/schema");
    expect(undescribedKeys(schema)).toEqual([]);
  });

  test("are what the files of this repository are valid under", () => {
    const cwd = new URL("../../", import.meta.url);
    const read = (file: string) => readFileSync(new URL(file, cwd), "utf8");
    const refused = [
      ...globSync("jobs/*.yaml", { cwd }).filter((file) => !acceptsJob(read(file))),
      ...globSync("connections.yaml", { cwd }).filter((file) => !acceptsConnections(read(file))),
    ];
    expect(refused).toEqual([]);
  });
});

function undescribedKeys(schema: unknown, path = ""): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema).flatMap(([keyword, inner]) => {
    if (keyword !== "properties") return undescribedKeys(inner, path);
    return Object.entries(inner as Record<string, { description?: string }>).flatMap(([key, property]) => [
      ...(property.description === undefined ? [`${path}.${key}`] : []),
      ...undescribedKeys(property, `${path}.${key}`),
    ]);
  });
}
