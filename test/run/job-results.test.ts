// Results of a Bulk API job: what is asked for, and what is made of sets that don't name every row.

import { expect, test } from "vitest";
import { rehearse } from "./support.ts";

const job = `version: 1
name: results
streams:
  s:
    source: { connection: drop, files: "a.csv" }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: insert }
    map: { Ext__c: id, LastName: last }
`;
const csv = { "Content-Type": "text/csv" };

test("the refused rows of a job are asked for where it counts some, or where rows are not told as written", async () => {
  await using place = await rehearse(job, { "inbox/a.csv": "id,last\na,A\nb,B\nc,C\n" });
  const { project, sandbox } = place;
  const done = await project.run("run", "job.yaml", "--json");
  expect(done.summary().streams["s"], done.stderr).toMatchObject({ loaded: 3, failed: 0 });
  expect(await setsAsked()).toEqual(["successfulResults"]);

  project.write({ "inbox/a.csv": "id,last\nd,D\ne,E\nf,F\n" });
  const told = '"sf__Id","sf__Created",Ext__c\n"003000000000001AAA","true","d"\n';
  const cut = { status: 200, headers: csv, body: told };
  await sandbox.setFaults([{ match: "GET /services/data/*/jobs/ingest/*/successfulResults", nth: [1], do: cut }]);
  const doubtful = await project.run("run", "job.yaml", "--json");
  expect(doubtful.code, doubtful.stderr).toBe(5);
  expect(doubtful.summary().streams["s"]).toMatchObject({ loaded: 1, failed: 0, inDoubt: 2 });
  expect(await setsAsked()).toEqual(["failedResults", "successfulResults", "unprocessedrecords"]);

  async function setsAsked(): Promise<string[]> {
    const calls = Object.keys(await sandbox.calls());
    return calls
      .flatMap((call) => /(?<=\/jobs\/ingest\/{id}\/)(\w+Results|unprocessedrecords)/.exec(call)?.[0] ?? [])
      .sort();
  }
});
