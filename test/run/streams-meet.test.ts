// Streams of one job that meet in one org.

import { expect, test } from "vitest";
import { rehearse, schema } from "./support.ts";

const job = (second: string) => `version: 1
name: meet
streams:
  made:
    source: { connection: drop, files: "contacts.csv" }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: upsert }
    map: { Ext__c: id, LastName: last }
${second}
rejects: { max: 100% }
`;

test("two connections to one org are one, and a row is told that its record comes only in this run", async () => {
  const stream = (object: string, field: string) => `  titled:
    source: { connection: drop, files: "titles.csv" }
    target: { connection: again, object: ${object}, key: Ext__c, mode: update }
    map: { Ext__c: id, ${field}: title }`;
  const files = { "inbox/contacts.csv": "id,last\nA,Ann\nB,Bob\n", "inbox/titles.csv": "id,title\na,Dr\nC,Sir\n" };
  await using place = await rehearse(job(stream("Contact", "LastName")), files, schema);
  const { project } = place;
  const salesforce = /^ {2}salesforce:\n(?: {4}.*\n)+/m;
  const written = project.read("connections.yaml");
  project.write({
    "connections.yaml": written.replace(salesforce, (block) => block + block.replace("salesforce:", "again:")),
  });
  for (const command of ["check", "plan", "run"]) {
    const refused = await project.run(command, "job.yaml");
    expect([refused.code, refused.stdout + refused.stderr]).toEqual([
      2,
      expect.stringMatching(/made and titled both write\s+LastName/),
    ]);
  }

  const late = stream("Contact", "Title");
  project.write({
    "job.yaml": job(late),
    "once.yaml": job(late.replace('titles.csv"', 'titles.csv", after: { move: done }')),
  });
  const sentence =
    /titled: updates records of Contact that stream made makes: a row whose record is new in this run ends as unmatched, (.*?);/;
  const checked = async (name: string) =>
    sentence.exec((await project.run("check", name)).stdout.replaceAll(/\s+/g, " "))?.[1];
  expect(await checked("job.yaml")).toBe("and the next run finds it");
  expect(await checked("once.yaml")).toBe("and its file is not taken again by itself");
  const first = await project.run("run", "job.yaml", "--json");
  expect(first.code, first.stderr).toBe(0);
  expect(first.summary().streams["titled"]).toMatchObject({ unmatched: 2, updates: 0 });
  expect(first.stderr.replaceAll(/\s+/g, " ")).toContain("1 row unmatched: stream made makes the record in this run");
  const folder = project
    .runFolders()
    .at(-1)
    ?.slice(project.folder.length + 1);
  const told = project.read(`${folder}/unmatched/titled.csv`).trim().split("\n").slice(1).sort();
  expect(told).toEqual([
    expect.stringMatching(/^C,Sir,no record has this key/),
    expect.stringMatching(/^a,Dr,.*the next run will find it/),
  ]);
  const next = await project.run("run", "job.yaml", "--json");
  expect(next.summary().streams["titled"]).toMatchObject({ unmatched: 1, updates: 1, loaded: 1 });
});
