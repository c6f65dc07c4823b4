import { expect } from "vitest";
import { rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

interface Parts {
  object?: string;
  more?: string;
  incremental?: string;
  comment?: string;
}

const job = ({ object = "Contact", more = "", incremental = "overlap: 1s", comment = "" }: Parts) => `version: 1
name: out   ${comment}
streams:
  c:
    source: { connection: salesforce, object: ${object}, incremental: { ${incremental} }${more} }
    target: { connection: drop, files: "out-{run}.csv" }
    map: { Id: Id, LastName: LastName }
`;

caseOf("state/watermark-of-another-filter", "a watermark is of what it was the watermark of", async () => {
  await using place = await rehearse(job({ more: ', where: "Email != null"' }), {});
  const { project, sandbox } = place;
  await sandbox.api("POST", "sobjects/Contact", { LastName: "C1", Email: "a@mail.example" });
  await sandbox.api("POST", "sobjects/Contact", { LastName: "C2" });
  await sandbox.api("POST", "sobjects/Lead", { LastName: "L1", Company: "x" });
  const take = async (parts: Parts, file = "job.yaml") => {
    project.write({ [file]: job(parts) });
    const done = await project.run("run", file, "--json");
    expect(done.code, done.stderr).toBe(0);
    const { extracted, duplicates } = done.summary().streams["c"] ?? {};
    return {
      taken: (extracted ?? 0) - (duplicates ?? 0),
      anew: /starts anew.*?\)/.exec(done.stderr.replaceAll(/\s+/g, " "))?.[0],
    };
  };
  const filtered = { more: ', where: "Email != null"' };
  expect(await take(filtered)).toEqual({ taken: 1, anew: undefined });
  // How it is written is no other source.
  expect(await take({ more: ', where: "Email  != null "', comment: "# a comment" })).toEqual({
    taken: 0,
    anew: undefined,
  });
  expect(await take({})).toEqual({ taken: 2, anew: expect.stringContaining("where was Email != null, is none") });
  expect(await take({})).toEqual({ taken: 0, anew: undefined });
  expect(await take({ object: "Lead" })).toEqual({
    taken: 1,
    anew: expect.stringContaining("object was Contact, is Lead"),
  });
  const since = { incremental: 'overlap: 1s, since: "2020-01-01"' };
  expect(await take(since)).toEqual({ taken: 2, anew: expect.stringContaining("since was none, is 2020-01-01") });
  const cursor = { incremental: "overlap: 1s, cursor: CreatedDate" };
  expect(await take(cursor)).toEqual({ taken: 2, anew: expect.stringContaining("cursor was none, is CreatedDate") });
  const kept = { more: `, keep: "LastName <> 'C3'"` };
  expect(await take(kept)).toEqual({ taken: 2, anew: expect.stringContaining("keep was none, is") });
  expect(await take({ more: ", deletes: emit" })).toEqual({
    taken: 2,
    anew: expect.stringContaining("deletes was ignore, is emit"),
  });
  expect(await take({}, "other.yaml")).toEqual({
    taken: 2,
    anew: expect.stringContaining("the job was ../job.yaml, is ../other.yaml"),
  });
  expect(await take({}, "other.yaml")).toEqual({ taken: 0, anew: undefined });

  // A window of a field that may be empty misses records without a word.
  project.write({ "job.yaml": job({ incremental: "cursor: Seen__c" }) });
  for (const command of ["check", "plan"]) {
    const refused = await project.run(command, "job.yaml");
    expect(refused.code).toBe(2);
    expect(refused.stderr + refused.stdout).toContain("Contact.Seen__c may be empty");
  }
});
