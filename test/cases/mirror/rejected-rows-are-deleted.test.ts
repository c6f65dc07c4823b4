import { expect } from "vitest";
import { contactsJob, rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const good = "id,last\nA,Ann\nB,Bob\nC,Cid\n";
const plain = "      Ext__c: id\n      LastName: last";
const castKey =
  "      Ext__c: CASE WHEN last = 'Bob' THEN CAST(CAST(last AS INTEGER) AS VARCHAR) ELSE id END\n      LastName: last";

/** Each lacks D, which would be deleted, and does not tell which record one of its rows is. */
const damaged: [string, string | Buffer, string][] = [
  ["a cell too many", "id,last\nA,Ann\nB,Bob,x\nC,Cid\n", plain],
  ["no UTF-8", Buffer.from("id,last\nA,Ann\nB,Bob\xff\nC,Cid\n", "latin1"), plain],
  ["text behind a quote", 'id,last\nA,Ann\nB,"Bob" x\nC,Cid\n', plain],
  ["a key that can't be computed", good, castKey],
  ["a blank key", "id,last\nA,Ann\n,Bob\nC,Cid\n", plain],
  ["a key of blanks", "id,last\nA,Ann\n  ,Bob\nC,Cid\n", plain],
  ["a key that is NULL", good, plain.replace("Ext__c: id", "Ext__c: nullif(id, 'B')")],
];

caseOf("mirror/rejected-rows-are-deleted", "the record of a row that could not be read is not deleted", async () => {
  await using place = await rehearse(contactsJob({ map: plain }), { "inbox/contacts.csv": `${good}D,Dan\n` });
  const { project } = place;
  const left = async () => [...(await place.contacts()).keys()].sort().join("");
  await project.run("run", "job.yaml");
  for (const [what, file, map] of damaged) {
    project.write({
      "inbox/contacts.csv": file,
      "job.yaml": contactsJob({ mode: "mirror", map, top: "guards: { deletes: 3 }" }),
    });
    const done = await project.run("run", "job.yaml", "--json");
    expect([what, done.summary().streams["contacts"]?.mirrorDeletes, await left()]).toEqual([what, 0, "ABCD"]);
    expect(done.stderr, what).toContain("mirror deletes nothing, for the source is not whole");
  }
  const planned = await project.run("plan", "job.yaml");
  expect(planned.stdout).toMatch(/mirror deletes\s+nothing/);

  // A row that is refused with its key known keeps its own record, and the others are judged.
  const validated = "    validate: [ { field: LastName, required: true } ]";
  project.write({
    "inbox/contacts.csv": "id,last\nA,\nB,Bob\nC,Cid\n",
    "job.yaml": contactsJob({ mode: "mirror", map: plain, stream: validated, top: "guards: { deletes: 3 }" }),
  });
  const done = await project.run("run", "job.yaml", "--json");
  expect(done.summary().streams["contacts"]).toMatchObject({ rejected: 1, mirrorDeletes: 1 });
  expect(await left()).toBe("ABC");
});
