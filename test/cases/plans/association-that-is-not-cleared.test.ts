import { expect } from "vitest";
import { rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const job = (main: string) => `version: 1
name: main
defaults: { source: { connection: drop }, target: { connection: hubspot, key: ext, mode: upsert } }
streams:
  k: { source: { files: k.csv }, target: { object: companies }, map: { ext: no, name: no } }
  s: { source: { files: in.csv }, target: { object: contacts }, map: { ext: no, companies.ext: ${main} } }
rejects: { max: 100% }
`;

caseOf(
  "plans/association-that-is-not-cleared",
  "a plan shows that an association is added, and check refuses to clear one",
  async () => {
    const properties = { ext: { type: "string", fieldType: "text", hasUniqueValue: true } };
    const schema = { hubspot: { contacts: { properties }, companies: { properties } } };
    await using place = await rehearse(
      job("main"),
      { "clear.yaml": job("{ from: main, on_null: clear }"), "inbox/k.csv": "no\nK1\nK3\n" },
      schema,
    );
    const { project } = place;
    project.write({ "inbox/in.csv": "no,main\nP1,K1\n" });
    expect((await project.run("run", "job.yaml")).code).toBe(0);
    project.write({ "inbox/in.csv": "no,main\nP1,K3\n" });
    expect((await project.run("plan", "job.yaml")).stdout).toContain("K1 → K1 + K3");
    const cleared = await project.run("check", "clear.yaml");
    expect([cleared.code, cleared.stderr]).toEqual([2, expect.stringContaining("companies.ext can't be cleared")]);
  },
);
