import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { connectors } from "../../src/connectors/registry.ts";
import { checkConnections } from "../../src/job/check-connections.ts";
import { connectionsJsonSchema, jobJsonSchema } from "../../src/job/json-schema.ts";
import { readConnections } from "../../src/job/read-connections.ts";
import { readJobText, writeFile } from "./rig.ts";

const page = readFileSync(new URL("../../docs/job-file.md", import.meta.url), "utf8");

/** The rows of the tables of keys below a heading: key to the rest of the row. */
function rowsBelow(heading: string): Map<string, string> {
  const section = page.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";
  const table = section.slice(section.indexOf("| key |"));
  return new Map([...table.matchAll(/^\| `([^`]+)` \|(.*)$/gm)].map((match) => [match[1] ?? "", match[2] ?? ""]));
}

/** The keys that a schema knows, as the page writes them. */
function keysOf(schema: unknown, path = ""): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const { properties, items, additionalProperties, anyOf, oneOf } = schema as Record<string, unknown>;
  const own = Object.entries((properties ?? {}) as object).flatMap(([key, inner]) => {
    const whole = path === "" ? key : `${path}.${key}`;
    return [whole, ...keysOf(inner, whole)];
  });
  const branches = [anyOf, oneOf].flatMap((list) => (Array.isArray(list) ? list : []));
  return [
    ...own,
    ...keysOf(items, `${path}[]`),
    ...keysOf(additionalProperties, `${path}.*`),
    ...branches.flatMap((branch) => keysOf(branch, path)),
  ];
}

const sorted = (keys: Iterable<string>) => [...new Set(keys)].sort();

/** The indented block that starts with `version: 1` below a heading. */
function exampleBelow(heading: string): string {
  const section = page.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";
  return section.match(/^ {4}version: 1\n(?: {4}.*\n)+/m)?.[0].replaceAll(/^ {4}/gm, "") ?? "";
}

describe("docs/job-file.md", () => {
  test("has examples that are read and fit together", () => {
    const job = readJobText(exampleBelow("An example"));
    expect(job.streams.map((stream) => stream.name)).toEqual(["accounts", "contacts"]);
    const connections = readConnections(
      writeFile("connections.yaml", exampleBelow("connections.yaml")),
      connectors,
      {},
    );
    expect(() => checkConnections(job, connections)).not.toThrow();
  });

  const keys = keysOf(jobJsonSchema());

  test("has every key of a job and no other", () => {
    const ofJob = keys.filter((key) => !key.startsWith("streams.") && !key.startsWith("defaults."));
    expect(sorted(rowsBelow("The job").keys())).toEqual(sorted(ofJob));
  });

  test("has every key of a stream and no other", () => {
    const ofStream = keys.filter((key) => key.startsWith("streams.*.")).map((key) => key.slice("streams.*.".length));
    expect(sorted(rowsBelow("A stream").keys())).toEqual(sorted(ofStream));
  });

  test("has every key of connections.yaml and no other", () => {
    const schema = connectionsJsonSchema(connectors) as {
      properties: { connections: { additionalProperties: { oneOf: unknown[] } } };
    };
    for (const type of schema.properties.connections.additionalProperties.oneOf) {
      const { properties } = type as { properties: { type: { const: string } } };
      expect(sorted(rowsBelow(`type: ${properties.type.const}`).keys())).toEqual(sorted(keysOf(type)));
    }
    expect(sorted(rowsBelow("connections.yaml").keys())).toEqual(["connections", "version"]);
  });

  test("marks nothing as not supported yet, for nothing is refused as that", () => {
    const sections = ["The job", "A stream", "type: salesforce", "type: file", "type: hubspot", "type: sftp"];
    for (const section of sections)
      for (const row of rowsBelow(section).values()) expect(row).not.toContain("**not yet**");
  });
});
