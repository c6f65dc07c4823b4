// What `check` and `describe` say of HubSpot: everything that would fail every row, at its place, before a row is read.

import { expect, test } from "vitest";
import { type Rehearsal, rehearse } from "./support.ts";

const unique = { type: "string", fieldType: "text", hasUniqueValue: true };
const objects = {
  hubspot: {
    contacts: {
      properties: {
        ext_id: unique,
        loose: { type: "string", fieldType: "text" },
        total: { type: "number", fieldType: "calculation_equation", calculated: true },
      },
    },
    companies: { properties: { vendor_id: unique } },
    deals: { properties: { ref: unique } },
    cars: { properties: { plate: unique }, requiredProperties: ["plate"] },
  },
};

interface Wanted {
  object?: string;
  key?: string;
}

function into(map: string, { object = "contacts", key = "ext_id" }: Wanted = {}): string {
  return `version: 1
name: in
streams:
  rows:
    source: { connection: drop, files: "c*.csv" }
    target: { connection: hubspot, object: ${object}, key: ${key}, mode: upsert }
    map:
${map}
`;
}

function outOf(source: string, map = "      id: hs_object_id"): string {
  return `version: 1
name: out
streams:
  rows:
    source: { connection: hubspot, ${source} }
    target: { connection: drop, files: out.csv, mode: replace }
    map:
${map}
`;
}

async function prepare(): Promise<Rehearsal> {
  return rehearse(into("      ext_id: id"), { "inbox/c.csv": "id,a,b\n1,x,y\n" }, objects);
}

/** What `check` says of a job. */
async function complain(run: Rehearsal, job: string): Promise<string> {
  run.project.write({ "job.yaml": job });
  const { code, stderr } = await run.project.run("check", "job.yaml");
  expect(code, stderr).toBe(2);
  return stderr;
}

test("properties that nobody can write, or that are not there, are refused at their place", async () => {
  await using run = await prepare();
  const told = await complain(
    run,
    into("      ext_id: id\n      hs_email_domain: a\n      total: a\n      createdate: a\n      lastnmae: b"),
  );
  expect(told).toContain("job.yaml:9:7: contacts.hs_email_domain is read-only");
  expect(told).toContain("job.yaml:10:7: contacts.total is read-only");
  expect(told).toContain("job.yaml:11:7: contacts.createdate is read-only");
  expect(told).toContain("job.yaml:12:7: contacts has no field lastnmae");
  expect(told).toContain('did you mean "lastname"?');
});

test("an option that there is not is told with those that there are, as people name them", async () => {
  await using run = await prepare();
  const literals = `      ext_id: id\n      lifecyclestage: "'Custmer'"\n      hubspot_owner_id: "'nobody@x.de'"`;
  const told = await complain(run, into(literals));
  expect(told).toContain(
    'job.yaml:9:24: lifecyclestage: "Custmer" is not in its restricted picklist (Subscriber, Lead,',
  );
  expect(told).toContain('hubspot_owner_id: "nobody@x.de" is not in its restricted picklist (ada.brown@');
});

test("a key that can't tell records apart is refused, with the properties that can", async () => {
  await using run = await prepare();
  const loose = await complain(run, into("      ext_id: id\n      loose: a", { key: "loose" }));
  expect(loose).toContain("target.key: loose is neither an external id nor unique");
  expect(loose).toContain("next: these can: email, ext_id");
  const domain = await complain(run, into("      domain: id\n      name: a", { object: "companies", key: "domain" }));
  expect(domain).toContain("next: these can: vendor_id");
  const subject = await complain(
    run,
    into("      subject: id\n      hs_pipeline_stage: \"'1'\"", { object: "tickets", key: "subject" }),
  );
  expect(subject).toContain("next: tickets has no such field: make one there");
});

test("what a new record must have and the map does not give is told", async () => {
  await using run = await prepare();
  const all = await complain(run, into("      ref: id", { object: "deals", key: "ref" }));
  expect(all).toContain("must have dealname, dealstage: they are not in the map");
  const one = await complain(run, into("      ref: id\n      dealname: a", { object: "deals", key: "ref" }));
  expect(one).toContain("must have dealstage: it is not in the map");
});

test("an object goes by one name: another of its names, or a slip, is refused with it", async () => {
  await using run = await prepare();
  const singular = await complain(run, into("      ref: id", { object: "deal", key: "ref" }));
  expect(singular).toContain("job.yaml:6:44: hubspot has no object deal");
  expect(singular).toContain('did you mean "deals"?');
  expect(await complain(run, outOf("object: 0-1"))).toContain('did you mean "contacts"?');
  // HubSpot's paths take custom objects by this name, and not by the one that people gave them.
  const given = await complain(run, into("      plate: id", { object: "cars", key: "plate" }));
  expect(given).toContain('did you mean "p20261120_cars"?');
  run.project.write({ "job.yaml": into("      plate: id", { object: "p20261120_cars", key: "plate" }) });
  const done = await run.project.run("run", "job.yaml", "--json");
  expect(done.code, done.stderr).toBe(0);
  expect(done.summary().streams["rows"]).toMatchObject({ creates: 1, loaded: 1 });
});

test("associations are mapped by a property of the other object that tells its records apart", async () => {
  await using run = await prepare();
  const whole = await complain(run, into("      ext_id: id\n      companies: a"));
  expect(whole).toContain("map companies.hs_object_id or companies.vendor_id");
  expect(await complain(run, into("      ext_id: id\n      companies.name: a"))).toContain(
    "companies are told apart by hs_object_id, vendor_id, domain, not by name",
  );
  // A contact has a property `company` too.
  expect(await complain(run, into("      ext_id: id\n      company.vendor_id: a"))).toContain(
    "contacts has no field company.vendor_id",
  );
});

test("what a source names is looked for: properties, histories, pipelines, associations, filters", async () => {
  await using run = await prepare();
  const place = "job.yaml:5:";
  expect(await complain(run, outOf("object: contacts", "      a: lastnmae"))).toContain('did you mean "lastname"?');
  const history = await complain(run, outOf("object: contacts/history/jobtitel", "      a: value"));
  expect(history).toContain(place);
  expect(history).toContain("contacts has no property jobtitel, or this user can't see it");
  expect(history).toContain('did you mean "jobtitle"?');
  expect(await complain(run, outOf("object: pipelines/contacts", "      a: stage"))).toContain(
    "contacts have no pipelines",
  );
  expect(await complain(run, outOf("object: contacts/associations/nonsense", "      a: to_id"))).toContain(
    "hubspot has no object nonsense",
  );
  const filter = (name: string) => `[{"propertyName": "${name}", "operator": "EQ", "value": "x"}]`;
  expect(await complain(run, outOf(`object: contacts, where: '${filter("lastnmae")}'`))).toContain(
    "source.where: contacts has no property lastnmae",
  );
  expect(await complain(run, outOf(`object: contacts, where: "lastname = 'x'"`))).toContain(
    "source.where is no filter of HubSpot",
  );
  const six = `[${Array.from({ length: 6 }, () => filter("lastname").slice(1, -1)).join(", ")}]`;
  expect(await complain(run, outOf(`object: contacts, where: '${six}'`))).toContain(
    "a search takes 5 groups of 6 filters",
  );
});

test("describe lists the objects, and of one its properties, keys, required ones, options and associations", async () => {
  await using run = await prepare();
  const list = await run.project.run("describe", "hubspot");
  expect(list.stdout).toMatch(/p20261120_cars\s+cars\s+created, updated, deleted\s+custom/);
  const deals = await run.project.run("describe", "hubspot", "deals");
  expect(deals.stdout).toMatch(/dealname\s+string\s+65,536\s+required/);
  expect(deals.stdout).toMatch(/ref\s+string\s+65,536\s+key, unique/);
  expect(deals.stdout).toMatch(/pipeline\s+enumeration\s+one of: default/);
  expect(deals.stdout).toMatch(/hs_is_closed\s+bool\s+read-only/);
  expect(deals.stdout).toMatch(/companies\s+association\s+→ companies/);
  const slip = await run.project.run("describe", "hubspot", "contact");
  expect(slip.code).toBe(2);
  expect(slip.stderr).toContain("loadline describe hubspot contacts");
});

test("that an API's nulls leave associations alone is said, unless the job says that it is meant", async () => {
  await using run = await prepare();
  const job = (entry: string) =>
    into(`      ext_id: Id\n      companies.vendor_id: ${entry}`).replace(
      '{ connection: drop, files: "c*.csv" }',
      "{ connection: salesforce, object: Contact }",
    );
  run.project.write({ "job.yaml": job("Department"), "meant.yaml": job("{ from: Department, on_null: skip }") });
  const told = await run.project.run("check", "job.yaml");
  expect(told.code, told.stderr).toBe(0);
  expect(told.stdout + told.stderr).toContain("companies.vendor_id: where the source has no value, associations stay");
  const meant = await run.project.run("check", "meant.yaml");
  expect(meant.stdout + meant.stderr).not.toContain("associations stay");
});
