import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { expect } from "vitest";
import { contactsJob, hubspotProperties, rehearse, schema } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const incremental = (connection: string, object: string, name: string) => `version: 1
name: out
streams:
  c:
    source: { connection: ${connection}, object: ${object}, incremental: { overlap: 1h } }
    target: { connection: drop, files: "out-{run}.csv" }
    map: { Name: ${name} }
`;
const delta = contactsJob().replace(
  /target: .*/,
  'target: { connection: drop, files: "out.csv", key: Ext__c, mode: delta }',
);

type Damage = (bytes: Buffer) => Buffer | undefined;
const half: Damage = (bytes) => bytes.subarray(0, bytes.length / 2);
const oneBit: Damage = (bytes) => Buffer.from(bytes.map((byte, at) => (at === 40 ? byte ^ 1 : byte)));
const garbage: Damage = () => Buffer.from("garbage".repeat(1000));
const gone: Damage = () => undefined;

caseOf("state/damaged-memory", "a damaged file of the memory is told, with what to do", async () => {
  const objects = { ...schema, hubspot: { contacts: { properties: hubspotProperties } } };
  for (const [folder, job, damages, told] of [
    [
      "seen",
      incremental("salesforce", "Contact", "LastName"),
      [oneBit, gone],
      /seen\/\S+ is (damaged|lost): records of the overlap/,
    ],
    ["delivered", delta, [half, gone], /delivered\/\S+ is (damaged|lost): .*all is written/],
    [
      "locks",
      contactsJob(),
      [garbage],
      /locks\/job-\S+\.lock was damaged and is made anew.*locks\/00D\S+\.lock was damaged/,
    ],
    ["pace", incremental("hubspot", "contacts", "lastname"), [garbage], /was damaged and is made anew/],
  ] as const) {
    await using place = await rehearse(job, { "inbox/contacts.csv": "id,last,email\nA,Ann,a@mail.example\n" }, objects);
    const { project, sandbox } = place;
    await sandbox.api("POST", "sobjects/Contact", { LastName: "C1" });
    await sandbox.hubspotApi("POST", "/crm/v3/objects/contacts", { properties: { lastname: "C1" } });
    expect((await project.run("run", "job.yaml")).code).toBe(0);
    for (const damage of damages) {
      // A file by itself, or those of a folder.
      const inFolder = project.list(`.loadline/${folder}`).map((name) => `.loadline/${folder}/${name}`);
      const paths =
        inFolder.length > 0
          ? inFolder
          : project
              .list(".loadline")
              .filter((name) => name.startsWith(folder))
              .map((name) => `.loadline/${name}`);
      const damaged = paths.filter((path) => /parquet|lock|db$/.test(path) && !path.endsWith(".txt"));
      expect(damaged.length, folder).toBeGreaterThan(0);
      for (const path of damaged) {
        const bytes = damage(readFileSync(project.path(path)));
        if (bytes === undefined) rmSync(project.path(path));
        else writeFileSync(project.path(path), bytes);
      }
      const done = await project.run("run", "job.yaml");
      expect(done.code, done.stderr).toBe(0);
      expect(done.stderr.replaceAll(/\s+/g, " ")).toMatch(told);
    }
    const next = await project.run("run", "job.yaml");
    expect(next.code, next.stderr).toBe(0);
    expect(next.stderr.replaceAll(/\s+/g, " ")).not.toMatch(told);
  }
});
