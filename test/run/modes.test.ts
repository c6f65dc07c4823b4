// What each mode does to the org, through the real program.

import { expect, test } from "vitest";
import { contactsJob, rehearse } from "./support.ts";

const three = "id,last,email\n1,Adams,a@x.com\n2,Brown,b@x.com\n3,Clark,c@x.com\n";

test("a delete that the target refuses is a reject with its row", async () => {
  await using place = await rehearse(contactsJob(), { "inbox/contacts.csv": three });
  await place.project.run("run", "job.yaml");
  place.project.write({
    "job.yaml": contactsJob({ mode: "delete", map: "      Ext__c: id" }),
    "inbox/contacts.csv": "id,why\n2,left\n3,asked\n",
  });
  await place.sandbox.setFaults([{ match: "row Contact", nth: [1], do: { rowError: "DELETE_FAILED:has cases:--" } }]);
  const done = (await place.project.run("run", "job.yaml", "--json")).summary();
  expect(done.streams["contacts"]).toMatchObject({ deletes: 2, failed: 1, loaded: 1 });
  const rejects = place.project.read(`.loadline/runs/${done.run}/rejects/contacts.csv`);
  expect(rejects).toMatch(
    /^id,why,loadline_error,loadline_field,loadline_line\n2,left,DELETE_FAILED: has cases,,2\n$|^id,why,.*\n3,asked,DELETE_FAILED: has cases,,3\n$/,
  );
});

test("mirror deletes nothing unless the guard allows it, and then just what the source no longer has", async () => {
  await using place = await rehearse(contactsJob(), { "inbox/contacts.csv": three });
  await place.project.run("run", "job.yaml");
  place.project.write({
    "job.yaml": contactsJob({ mode: "mirror" }),
    "inbox/contacts.csv": "id,last,email\n1,Adams,a@x.com\n4,Davis,d@x.com\n",
  });
  const stopped = await place.project.run("run", "job.yaml", "--json");
  expect(stopped.code).toBe(4);
  expect(stopped.summary()).toMatchObject({
    status: "stopped",
    streams: { contacts: { mirrorDeletes: 2, loaded: 0 } },
  });
  expect((await place.contacts()).size).toBe(3);

  place.project.write({ "job.yaml": contactsJob({ mode: "mirror", top: "guards: { deletes: 2 }" }) });
  const { streams } = (await place.project.run("run", "job.yaml", "--json")).summary();
  expect(streams["contacts"]).toMatchObject({ creates: 1, unchanged: 1, mirrorDeletes: 2, loaded: 3 });
  expect([...(await place.contacts()).keys()].sort()).toEqual(["1", "4"]);
});

test("insert refuses the bytes that a settled run has inserted, unless told again", async () => {
  await using place = await rehearse(contactsJob({ mode: "insert", map: "      Ext__c: id\n      LastName: last" }), {
    "inbox/contacts.csv": three,
  });
  expect((await place.project.run("run", "job.yaml", "--json")).summary().streams["contacts"]).toMatchObject({
    creates: 3,
    loaded: 3,
  });
  place.project.write({ "inbox/contacts-renamed.csv": three });
  const again = await place.project.run("run", "job.yaml", "--json");
  expect(again.code).toBe(4);
  expect(again.stderr).toContain("inserted into Contact already");
  expect((await place.sandbox.dump("Contact")).length).toBe(3);
});

test("a create that meets a record made since the diff is written into it and told, for what was written is no conflict", async () => {
  const job = contactsJob().replaceAll("Ext__c", "Loose__c");
  await using place = await rehearse(job, { "inbox/contacts.csv": three });
  await place.sandbox.setFaults([{ match: "PATCH /services/data/*/jobs/ingest/*", do: { delay_ms: 1500 } }]);
  const running = place.project.start(["run", "job.yaml", "--json", "--verbose"]);
  await expect.poll(async () => (await place.sandbox.jobs()).length, { timeout: 20_000 }).toBe(1);
  await place.sandbox.api("POST", "sobjects/Contact", { LastName: "Earlier", Loose__c: "2" });
  const { streams } = (await running.finished).summary();
  expect(streams["contacts"]).toMatchObject({ extracted: 3, creates: 3, conflicts: 0, loaded: 3, failed: 0 });
});

test("rows that the target rejects are kept with its reason and their line, and limit the exit code", async () => {
  const csv = "id,last,email\n1,Adams,no(address)\n2,Brown,b@x.com\n";
  await using place = await rehearse(contactsJob().replace("100%", "1"), { "inbox/contacts.csv": csv });
  const within = await place.project.run("run", "job.yaml", "--json");
  expect(within.summary()).toMatchObject({
    status: "partial",
    exitCode: 0,
    streams: { contacts: { loaded: 1, failed: 1 } },
  });
  const [run = ""] = place.project.list(".loadline/runs");
  expect(place.project.read(`.loadline/runs/${run}/rejects/contacts.csv`)).toMatch(
    /^id,last,email,loadline_error,loadline_field,loadline_line\n1,Adams,no\(address\),INVALID_EMAIL_ADDRESS: .*no\(address\),Email,2\n$/,
  );
  place.project.write({ "job.yaml": contactsJob().replace("100%", "0") });
  const beyond = await place.project.run("run", "job.yaml", "--json");
  expect(beyond.code).toBe(3);
  expect(beyond.summary()).toMatchObject({ status: "partial", exitCode: 3 });
});
