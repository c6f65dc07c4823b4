import { expect } from "vitest";
import { rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const job = (name: string, object: string, mode = "insert", key = "Loose__c") => `version: 1
name: ${name}
streams:
  s:
    source: { connection: drop, files: "in.csv" }
    target: { connection: salesforce, object: ${object}, key: ${key}, mode: ${mode} }
    map: { ${key}: id, LastName: last }
rejects: { max: 100% }
`;

caseOf("keys/object-by-another-case", "Contact and contact are one object: one lock, one memory", async () => {
  await using place = await rehearse(job("one", "Contact"), {
    "two.yaml": job("two", "contact"),
    "three.yaml": job("three", "CONTACT", "upsert", "Ext__c"),
    "inbox/in.csv": "id,last\nA,Ann\n",
  });
  const { project, sandbox } = place;
  expect((await project.run("run", "job.yaml")).code).toBe(0);
  const second = await project.run("run", "two.yaml");
  expect([second.code, second.stderr]).toEqual([4, expect.stringContaining("inserted into Contact already")]);
  expect((await project.run("check", "three.yaml")).code).toBe(0);
  const run = await project.run("run", "three.yaml", "--json");
  expect(run.summary().streams["s"]).toMatchObject({ creates: 1 });
  expect(await sandbox.dump("Contact")).toHaveLength(2);
  expect(
    project.list(".loadline/locks").filter((name) => /contact/i.test(name) && name.endsWith(".lock")),
  ).toHaveLength(1);
});
