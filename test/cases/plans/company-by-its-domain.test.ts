import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const job = `version: 1
name: by-domain
streams:
  s:
    source: { connection: drop, files: "in.csv" }
    target: { connection: hubspot, object: contacts, key: ext, mode: upsert }
    map: { ext: no, companies.domain: domain }
rejects: { max: 100% }
`;

const companies = `version: 1
name: companies
streams:
  s:
    source: { connection: drop, files: "in.csv" }
    target: { connection: hubspot, object: companies, key: domain, mode: upsert }
    map: { domain: domain, name: no }
`;

caseOf("plans/company-by-its-domain", "a company is found by its domain, or a way out is said", async () => {
  const properties = { ext: { type: "string", fieldType: "text", hasUniqueValue: true } };
  await using place = await rehearse(job, { "companies.yaml": companies }, { hubspot: { contacts: { properties } } });
  const { project, sandbox } = place;
  for (const domain of ["anker.example", "two.example", "two.example"])
    await sandbox.hubspotApi("POST", "/crm/v3/objects/companies", { properties: { domain, name: domain } });
  project.write({ "inbox/in.csv": "no,domain\nP1,Anker.example\nP2,two.example\nP3,none.example\n" });
  const run = await project.run("run", "job.yaml", "--json");
  expect(run.code, run.stderr).toBe(0);
  expect(run.summary().streams["s"]).toMatchObject({ creates: 1, rejected: 2, loaded: 1 });
  const rejects = readFileSync(`${project.runFolders().at(-1)}/rejects/s.csv`, "utf8");
  expect(rejects).toMatch(/2 companies have domain ""two.example"": \d+, \d+/);
  expect(rejects).toContain('no companies has domain ""none.example""');
  expect((await project.run("run", "job.yaml", "--json")).summary().streams["s"]).toMatchObject({ unchanged: 1 });
  const refused = await project.run("check", "companies.yaml");
  expect([refused.code, refused.stderr]).toEqual([
    2,
    expect.stringContaining("several fields that tell its records apart"),
  ]);
});
