// The clock of a source was wrong, or is: it is before the watermark that it gave.

import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { rehearse, schema } from "./support.ts";

const job = `version: 1
name: out
streams:
  h:
    source: { connection: hubspot, object: contacts, incremental: { overlap: 1s }, deletes: emit }
    target: { connection: drop, files: h.csv, mode: replace }
    map: { last: lastname, gone: archived }
  s:
    source: { connection: salesforce, object: Contact, incremental: { overlap: 1s }, deletes: emit }
    target: { connection: drop, files: s.csv, mode: replace }
    map: { last: LastName, gone: IsDeleted }
`;
const hourMs = 3_600_000;
/** Windows don't take what is a second old. */
const settledMs = 60_000;

test("all is taken again, which is said, and from then on no change is lost", async () => {
  await using place = await rehearse(job, {}, schema);
  const { project, sandbox } = place;
  const make = async (name: string) => {
    const inHubSpot = await sandbox.hubspotApi("POST", "/crm/v3/objects/contacts", { properties: { lastname: name } });
    const inOrg = await sandbox.api("POST", "sobjects/Contact", { LastName: name });
    return [inHubSpot.body, inOrg.body].map((body) => (body as { id: string }).id);
  };
  const take = async () => {
    const done = await project.run("run", "job.yaml");
    expect(done.code, done.stderr).toBe(0);
    const taken = ["h", "s"].map((name) => {
      const rows = parse(project.read(`inbox/${name}.csv`), { columns: true }) as { last: string; gone: string }[];
      return rows.map(({ last, gone }) => `${last} ${gone}`).sort();
    });
    expect(taken[0]).toEqual(taken[1]);
    return { taken: taken[0], warnings: done.stderr.match(/takes all again/g)?.length ?? 0 };
  };
  const [inHubSpot, inOrg] = await make("One");
  await sandbox.advance(2 * hourMs);
  expect(await take()).toEqual({ taken: ["One false"], warnings: 0 });
  await sandbox.advance(-1.5 * hourMs);
  await make("Two");
  await sandbox.hubspotApi("DELETE", `/crm/v3/objects/contacts/${inHubSpot}`);
  await sandbox.api("DELETE", `sobjects/Contact/${inOrg}`);
  await sandbox.advance(settledMs);
  expect(await take()).toEqual({ taken: ["One true", "Two false"], warnings: 2 });
  await make("Three");
  await sandbox.advance(settledMs);
  expect(await take()).toEqual({ taken: ["Three false"], warnings: 0 });
});
