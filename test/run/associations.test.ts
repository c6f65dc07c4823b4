// Associations of HubSpot's records that take the place of others, and the primary company.

import { basename } from "node:path";
import { expect, test } from "vitest";
import { type Rehearsal, rehearse } from "./support.ts";

const unique = { type: "string", fieldType: "text", hasUniqueValue: true };
const schema = {
  hubspot: {
    contacts: { properties: { ext_id: unique } },
    companies: { properties: { vendor_id: unique } },
  },
};

const job = (field: string) => `version: 1
name: contacts
streams:
  contacts:
    source: { connection: drop, files: "contacts.csv" }
    target: { connection: hubspot, object: contacts, key: ext_id, mode: upsert }
    map:
      ext_id: id
      ${field}
rejects: { max: 100% }
`;
const replacing = (more = "") => job(`companies.vendor_id: { from: company, mode: replace${more} }`);

async function post(place: Rehearsal, path: string, body: object): Promise<{ id: string }> {
  return (await place.sandbox.hubspotApi("POST", path, body)).body as { id: string };
}

/** V1 to V3 and a company without a key. */
async function seedCompanies(place: Rehearsal): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const key of ["V1", "V2", "V3", ""]) {
    const properties = key === "" ? { name: "none" } : { name: key, vendor_id: key };
    ids.set(key, (await post(place, "/crm/v3/objects/companies", { properties })).id);
  }
  return ids;
}

type Links = Record<string, string[]>;

/** By contact its companies' names, each with its labels. */
async function linked(place: Rehearsal): Promise<Links> {
  const names = new Map((await place.sandbox.dumpHubSpot("companies")).map((one) => [one.id, one.properties["name"]]));
  const links: Links = {};
  for (const { id, properties, archived } of await place.sandbox.dumpHubSpot("contacts")) {
    if (archived) continue;
    const { body } = await place.sandbox.hubspotApi("GET", `/crm/v4/objects/contacts/${id}/associations/companies`);
    const { results } = body as { results: { toObjectId: number; associationTypes: { label: string | null }[] }[] };
    links[properties["ext_id"] ?? id] = results
      .map(({ toObjectId, associationTypes }) => {
        const labels = associationTypes.flatMap(({ label }) => label ?? []);
        return [names.get(String(toObjectId)), ...labels].join(" ");
      })
      .sort();
  }
  return links;
}

async function seedContact(
  place: Rehearsal,
  ext_id: string,
  companies: readonly (string | undefined)[],
): Promise<string> {
  const { id } = await post(place, "/crm/v3/objects/contacts", { properties: { ext_id } });
  for (const to of companies)
    await place.sandbox.hubspotApi("PUT", `/crm/v4/objects/contacts/${id}/associations/default/companies/${to}`);
  return id;
}

const csv = (...rows: string[]) => `id,company\n${rows.map((row) => `${row}\n`).join("")}`;

test("an association takes the place of others, an empty value clears them, and others are left alone", async () => {
  await using place = await rehearse(
    replacing(", on_null: clear"),
    { "inbox/contacts.csv": csv("a,V2", "b,", "c,v1", "d,V3", "e,"), "skip.yaml": replacing() },
    schema,
  );
  const ids = await seedCompanies(place);
  const [one, two, unnamed] = [ids.get("V1"), ids.get("V2"), ids.get("")];
  await seedContact(place, "a", [one, two, unnamed]);
  await seedContact(place, "b", [one, unnamed]);
  await seedContact(place, "c", [one]);
  await seedContact(place, "e", []);
  await seedContact(place, "z", [one]);
  const before = await linked(place);
  const plan = await place.project.run("plan", "job.yaml");
  expect(plan.stdout).toMatch(/~ a +companies\.vendor_id +V1, V2, id \d+ → V2/);
  expect(plan.stdout).toMatch(/~ b +companies\.vendor_id +V1, id \d+ → /);
  // Where an empty value says nothing, nothing is taken away.
  const kept = await place.project.run("plan", "skip.yaml", "--json");
  expect(kept.summary().streams["contacts"]).toMatchObject({ creates: 1, updates: 1, unchanged: 3 });

  // Of a record that nobody changed, a company without a key is no change.
  const planned = basename(place.project.runFolders()[0] ?? "");
  const killed = await place.project.start(["apply", planned], { env: { LOADLINE_FAILPOINT: "fetched:2" } }).finished;
  expect(killed.signal, killed.stderr).toBe("SIGKILL");
  const done = await place.project.run("resume", "--json");
  expect(done.code, done.stderr).toBe(0);
  expect(done.summary().streams["contacts"]).toMatchObject({ creates: 1, updates: 2, unchanged: 2, loaded: 3 });
  expect(await linked(place)).toEqual({ a: ["V2"], b: [], c: ["V1"], d: ["V3"], e: [], z: ["V1"] });
  const again = await place.project.run("run", "job.yaml", "--json");
  expect(again.summary().streams["contacts"]).toMatchObject({ unchanged: 5, loaded: 0 });

  // Taken back, each has what it had, also a company without a key.
  const undoing = await place.project.run("rollback", `${done.summary().run}`);
  expect(undoing.stdout).toMatch(/~ a +companies\.vendor_id +— → V1, id \d+/);
  const back = await place.project.run("rollback", `${done.summary().run}`, "--yes", "--json");
  expect(back.code, back.stderr).toBe(0);
  expect(await linked(place)).toEqual(before);
  const twice = (await place.project.run("rollback", `${done.summary().run}`, "--json")).summary();
  expect(twice.streams["contacts"]).toMatchObject({ updates: 0, deletes: 0, conflicts: 0, unchanged: 3 });
});

test("under a label only what has it is replaced, and naming another primary company moves it there", async () => {
  const label = "companies[Billing contact].vendor_id";
  await using place = await rehearse(
    job(`${label}: { from: company, mode: replace }`),
    {
      "inbox/contacts.csv": csv("a,V2"),
      "primary.yaml": job("companies[Primary].vendor_id: company"),
      "clear.yaml": job("companies[Primary].vendor_id: { from: company, mode: replace, on_null: clear }"),
    },
    schema,
  );
  const ids = await seedCompanies(place);
  await post(place, "/crm/v4/associations/contacts/companies/labels", { label: "Billing contact", name: "billing" });
  const contact = await seedContact(place, "a", [ids.get("V1"), ids.get("V2"), ids.get("V3")]);
  const types = await place.sandbox.hubspotApi("GET", "/crm/v4/associations/contacts/companies/labels");
  const { results } = types.body as { results: { typeId: number; label: string | null }[] };
  const billing = results.find((type) => type.label === "Billing contact")?.typeId;
  const put = (to: string | undefined, associationCategory: string, associationTypeId: number | undefined) =>
    place.sandbox.hubspotApi("PUT", `/crm/v4/objects/contacts/${contact}/associations/companies/${to}`, [
      { associationCategory, associationTypeId },
    ]);
  await put(ids.get("V1"), "USER_DEFINED", billing);
  await put(ids.get("V3"), "HUBSPOT_DEFINED", 1);
  const runs: [string, Links][] = [];
  const load = async (file: string) => {
    const before = await linked(place);
    const { run, streams } = (await place.project.run("run", file, "--json")).summary();
    if (streams["contacts"]?.loaded === 1) runs.unshift([`${run}`, before]);
    return streams["contacts"];
  };

  expect(await load("job.yaml")).toMatchObject({ updates: 1, loaded: 1 });
  expect(await linked(place)).toEqual({ a: ["V1", "V2 Billing contact", "V3 Primary"] });
  expect(await load("job.yaml")).toMatchObject({ unchanged: 1 });

  const plan = await place.project.run("plan", "primary.yaml");
  expect(plan.stdout).toMatch(/V3 → V2/);
  expect(await load("primary.yaml")).toMatchObject({ updates: 1, loaded: 1 });
  expect(await linked(place)).toEqual({ a: ["V1", "V2 Primary Billing contact", "V3"] });
  expect(await load("primary.yaml")).toMatchObject({ unchanged: 1 });

  place.project.write({ "inbox/contacts.csv": csv("a,") });
  expect(await load("clear.yaml")).toMatchObject({ updates: 1, loaded: 1 });
  expect(await linked(place)).toEqual({ a: ["V1", "V2 Billing contact", "V3"] });

  for (const [run, before] of runs) {
    const back = await place.project.run("rollback", run, "--yes", "--json");
    expect(back.code, back.stderr).toBe(0);
    expect(await linked(place)).toEqual(before);
  }
});

test("mode: replace is refused of what holds one value, and two streams that replace what each other adds", async () => {
  const two = `version: 1
name: two
defaults: { source: { connection: drop, files: "contacts.csv" }, target: { connection: hubspot, object: contacts } }
streams:
  one:
    target: { key: ext_id, mode: update }
    map: { ext_id: id, companies.vendor_id: company }
  other:
    target: { key: ext_id, mode: update }
    map: { ext_id: id, companies.vendor_id: { from: company, mode: replace } }
`;
  await using place = await rehearse(
    job("lastname: { from: company, mode: replace }"),
    { "inbox/contacts.csv": csv("a,V1"), "two.yaml": two },
    schema,
  );
  const refused = await place.project.run("check", "job.yaml");
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("mode: replace is for associations")]);
  expect((await place.project.run("check", "two.yaml")).stderr).toContain("both write companies.vendor_id");
});
