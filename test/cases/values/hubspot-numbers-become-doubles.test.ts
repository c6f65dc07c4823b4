import { expect } from "vitest";
import { hubspotProperties, rehearse, schema } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const scores = [
  "12345678901234567",
  "90071992547409.93",
  "9007199254740993.25",
  "0.1",
  "912260031",
  "12345678901234567890123456.123456789012",
  "-0.000000000001",
];

caseOf("values/hubspot-numbers-become-doubles", "every digit of a number arrives", async () => {
  const job = (name: string, source: string, target: string, map: string) => `version: 1
name: ${name}
streams:
  c:
    source: ${source}
    target: ${target}
    map: ${map}
`;
  const hubspot = "{ connection: hubspot, object: contacts, key: ext_id, mode: upsert }";
  await using place = await rehearse(
    job("load", '{ connection: drop, files: "in.csv" }', hubspot, "{ ext_id: v, score: v, lastname: \"'n'\" }"),
    {
      "inbox/in.csv": `v\n${scores.join("\n")}\n`,
      "out.yaml": job(
        "out",
        "{ connection: hubspot, object: contacts }",
        '{ connection: drop, files: "out.csv" }',
        "{ key: ext_id, score: score, sum: score + 0 }",
      ),
      "copy.yaml": job(
        "copy",
        "{ connection: hubspot, object: contacts }",
        hubspot,
        "{ ext_id: ext_id, score: score }",
      ),
    },
    { ...schema, hubspot: { contacts: { properties: hubspotProperties } } },
  );
  await place.project.run("run", "job.yaml");
  const held = (await place.sandbox.dumpHubSpot("contacts")).map(({ properties }) => [
    properties["ext_id"],
    properties["score"],
  ]);
  expect(held.filter(([key]) => scores.includes(key ?? "")).sort()).toEqual(
    scores.map((score) => [score, score]).sort(),
  );
  await place.project.run("run", "out.yaml");
  const lines = place.project
    .read("inbox/out.csv")
    .trim()
    .split("\n")
    .filter((line) => scores.includes(line.split(",")[0] ?? ""));
  expect(lines.sort()).toEqual(scores.map((score) => `${score},${score},${score}`).sort());
  const copy = (await place.project.run("run", "copy.yaml", "--json")).summary();
  expect(copy.streams["c"]).toMatchObject({ updates: 0, creates: 0 });
});
