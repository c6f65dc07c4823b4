// No false updates: what Salesforce gives back in another form is the same value.

import { stringify } from "csv-stringify/sync";
import { expect, test } from "vitest";
import { contactsJob, rehearse } from "./support.ts";

const map = `      Ext__c: id
      LastName: last
      Amount__c: amount
      Active__c: active
      Birthdate: born
      Seen__c: seen
      Description: notes`;

/** A column, what it may say of one value, and another value. */
const forms: Record<string, { column: string; same: string[]; other: string }> = {
  "a number in another form": { column: "amount", same: ["1000000", "1.0E6", "1000000.00", " 1000000 "], other: "7" },
  "a checkbox": { column: "active", same: ["true", "TRUE", "1", "t"], other: "false" },
  "an instant in other zones": {
    column: "seen",
    same: ["2026-03-01T12:00:00Z", "2026-03-01T13:00:00+01:00", "2026-03-01T13:00:00.000+0100"],
    other: "2026-03-01T12:00:01Z",
  },
  "white space around a text": { column: "last", same: ["Adams", "  Adams", "Adams \t"], other: "7" },
  "line ends inside a text": { column: "notes", same: ["a\nb", "a\r\nb"], other: "7" },
};

test("what is the same value in another form is no change, and another value is one", async () => {
  const cells = Object.values(forms).flatMap(({ column, same, other }) =>
    same.map((form, place) => ({ id: `${column} ${place}`, column, first: same[0] ?? "", form, other })),
  );
  const usual = { last: "Adams", amount: "1", active: "true", born: "2000-01-31", seen: "", notes: "" };
  const csv = (which: "first" | "form" | "other") => {
    const rows = cells.map(({ id, column, ...values }) => ({ id, ...usual, [column]: values[which] }));
    return stringify(rows, { header: true, quoted: true });
  };
  await using place = await rehearse(contactsJob({ map }), { "inbox/contacts.csv": csv("first") });
  const all = cells.length;
  const plan = async (which: "form" | "other") => {
    place.project.write({ "inbox/contacts.csv": csv(which) });
    return (await place.project.run("plan", "job.yaml", "--json")).summary().streams["contacts"];
  };
  expect((await place.project.run("run", "job.yaml", "--json")).summary().streams["contacts"]).toMatchObject({
    creates: all,
    loaded: all,
  });
  expect(await plan("form")).toMatchObject({ unchanged: all, updates: 0, rejected: 0 });
  expect(await plan("other")).toMatchObject({ updates: all, unchanged: 0, rejected: 0 });
});

test("a time without a zone is read in the job's timezone, one that says UTC is no local time", async () => {
  const map = "      Ext__c: id\n      LastName: last\n      Seen__c: seen";
  await using place = await rehearse(contactsJob({ map, top: "timezone: Europe/Berlin" }), {
    "inbox/contacts.csv": "id,last,seen\n1,Adams,2026-07-01 12:00:00 UTC\n2,Berg,2026-07-01 12:00:00\n",
  });
  expect((await place.project.run("run", "job.yaml")).code).toBe(0);
  const contacts = await place.contacts();
  expect(String(contacts.get("1")?.["Seen__c"])).toMatch(/^2026-07-01T12:00:00/);
  expect(String(contacts.get("2")?.["Seen__c"])).toMatch(/^2026-07-01T10:00:00/);
});

test("a blank cell leaves a value alone, clears it with on_null: clear, and rejects the row with on_null: reject", async () => {
  const mapped = (onNull: string) => `      Ext__c: id
      LastName: last
      Email: { from: email, on_null: ${onNull} }
      Active__c: { from: active, on_null: ${onNull} }`;
  const filled = "id,last,email,active\n1,Adams,a@x.com,true\n";
  await using place = await rehearse(contactsJob({ map: mapped("skip") }), { "inbox/contacts.csv": filled });
  await place.project.run("run", "job.yaml");
  place.project.write({ "inbox/contacts.csv": "id,last,email,active\n1,Adams,,\n" });
  const skipped = (await place.project.run("run", "job.yaml", "--json")).summary();
  expect(skipped.streams["contacts"]).toMatchObject({ unchanged: 1, updates: 0 });

  place.project.write({ "job.yaml": contactsJob({ map: mapped("reject") }) });
  const rejected = (await place.project.run("run", "job.yaml", "--json")).summary();
  expect(rejected.streams["contacts"]).toMatchObject({ rejected: 1, updates: 0 });

  place.project.write({ "job.yaml": contactsJob({ map: mapped("clear") }) });
  const cleared = (await place.project.run("run", "job.yaml", "--json")).summary();
  expect(cleared.streams["contacts"]).toMatchObject({ updates: 1, loaded: 1, failed: 0 });
  expect((await place.contacts()).get("1")).toMatchObject({ Email: null, Active__c: false });
  const again = (await place.project.run("run", "job.yaml", "--json")).summary();
  expect(again.streams["contacts"]).toMatchObject({ unchanged: 1 });
});

test("fields of an absent optional column are left alone, even with on_null: clear", async () => {
  const job = contactsJob({
    source: ", optional: [email]",
    map: "      Ext__c: id\n      LastName: last\n      Email: { from: lower(email), on_null: clear }",
  });
  await using place = await rehearse(job, { "inbox/contacts.csv": "id,last,email\n1,Adams,a@x.com\n" });
  await place.project.run("run", "job.yaml");
  place.project.write({ "inbox/contacts.csv": "id,last\n1,Adamson\n" });
  const { streams } = (await place.project.run("run", "job.yaml", "--json")).summary();
  expect(streams["contacts"]).toMatchObject({ updates: 1, loaded: 1 });
  expect((await place.contacts()).get("1")).toMatchObject({ Email: "a@x.com", LastName: "Adamson" });
});

test("policies: fill_empty writes only where there is nothing, create_only never updates", async () => {
  const map = `      Ext__c: id
      LastName: { from: last, policy: create_only }
      Email: { from: email, policy: fill_empty }
      Phone: { from: email, policy: fill_empty }`;
  await using place = await rehearse(contactsJob(), { "inbox/contacts.csv": "id,last,email\n1,Adams,a@x.com\n" });
  await place.project.run("run", "job.yaml");
  place.project.write({ "job.yaml": contactsJob({ map }), "inbox/contacts.csv": "id,last,email\n1,Other,b@x.com\n" });
  const { streams } = (await place.project.run("run", "job.yaml", "--json")).summary();
  expect(streams["contacts"]).toMatchObject({ updates: 1, loaded: 1 });
  expect((await place.contacts()).get("1")).toMatchObject({ LastName: "Adams", Email: "a@x.com", Phone: "b@x.com" });
});

test("keys that differ only in case are one record", async () => {
  await using place = await rehearse(contactsJob(), { "inbox/contacts.csv": "id,last,email\nAb1,Adams,a@x.com\n" });
  await place.project.run("run", "job.yaml");
  place.project.write({ "inbox/contacts.csv": "id,last,email\naB1,Adams,a@x.com\n" });
  const { streams } = (await place.project.run("plan", "job.yaml", "--json")).summary();
  expect(streams["contacts"]).toMatchObject({ unchanged: 1, creates: 0 });
});

test("a row that an expression fails on is rejected with the values it failed on, and the others are loaded", async () => {
  const map =
    "      Ext__c: id\n      LastName: last\n      Active__c: parse_bool(active)\n      Amount__c: parse_decimal(amount, 'de')";
  const csv = 'id,last,active,amount\n1,Adams,yes,"1.234,5"\n2,Brown,maybe,1\n3,Clark,,abc\n4,Davis,off,\n';
  await using place = await rehearse(contactsJob({ map }), { "inbox/contacts.csv": csv });
  const { streams } = (await place.project.run("run", "job.yaml", "--json")).summary();
  expect(streams["contacts"]).toMatchObject({ extracted: 4, rejected: 2, loaded: 2, failed: 0 });
  const [run = ""] = place.project.list(".loadline/runs");
  const rejects = place.project.read(`.loadline/runs/${run}/rejects/contacts.csv`);
  expect(rejects).toContain(
    '"can\'t be computed from active = ""maybe"" (5 letters) by parse_bool(active); parse_bool takes ',
  );
  expect(rejects).toContain(
    '"can\'t be computed from amount = ""abc"" (3 letters) by parse_decimal(amount, \'de\'); parse_decimal takes ',
  );
  expect(rejects).toMatch(/,Active__c,3\n[\s\S]*,Amount__c,4\n/);
  expect((await place.contacts()).get("1")).toMatchObject({ Active__c: true, Amount__c: 1234.5 });
});

test("the text #N/A is rejected instead of emptying a field", async () => {
  await using place = await rehearse(contactsJob(), { "inbox/contacts.csv": "id,last,email\n1,#N/A,a@x.com\n" });
  const run = await place.project.run("run", "job.yaml", "--json");
  expect(run.summary().streams["contacts"]).toMatchObject({ rejected: 1, creates: 0 });
});
