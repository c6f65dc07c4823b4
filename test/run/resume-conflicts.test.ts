// A run that was killed half way, whose other rows changed in the target before it is gone on with: updates, deletes and
// mirrors of both systems.

import { expect, test } from "vitest";
import { type Rehearsal, rehearse, schema } from "./support.ts";

const text = { type: "string", length: 40, externalId: true, unique: true };
const unique = { type: "string", fieldType: "text", hasUniqueValue: true };
const objects = {
  salesforce: {
    ...schema.salesforce,
    Lead: { fields: { Lead__c: text } },
    // Nothing that is written here could be its child.
    Thing__c: {
      custom: true,
      fields: { Thing_Id__c: text, Label__c: { type: "string", length: 40 }, Note__c: { type: "string", length: 40 } },
    },
  },
  hubspot: { contacts: { properties: { ext_id: unique } }, companies: { properties: { comp_id: unique } } },
};

const job = `version: 1
name: conflicts
streams:
  updates:
    source: { connection: drop, files: "updates.csv" }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: update, batch: { rows: 1 } }
    map: { Ext__c: id, LastName: last, Title: title }
  deletes:
    source: { connection: drop, files: "deletes.csv" }
    target: { connection: salesforce, object: Lead, key: Lead__c, mode: delete, batch: { rows: 1 } }
  mirror:
    source: { connection: drop, files: "mirror.csv" }
    target: { connection: salesforce, object: Thing__c, key: Thing_Id__c, mode: mirror, batch: { rows: 1 } }
    map: { Thing_Id__c: id, Label__c: last }
  hs_updates:
    source: { connection: drop, files: "updates.csv" }
    target: { connection: hubspot, object: contacts, key: ext_id, mode: update, batch: { rows: 1 } }
    map: { ext_id: id, lastname: last, jobtitle: title }
  hs_mirror:
    source: { connection: drop, files: "mirror.csv" }
    target: { connection: hubspot, object: companies, key: comp_id, mode: mirror, batch: { rows: 1 } }
    map: { comp_id: id, name: last }
rejects: { max: 100% }
guards: { deletes: 100 }
`;

const ids = ["1", "2", "3", "4"];
const csv = (rows: string[][]) => `${rows.map((row) => row.join(",")).join("\n")}\n`;

async function fill({ sandbox }: Rehearsal): Promise<void> {
  const make = async (object: string, fields: object) => {
    expect((await sandbox.api("POST", `sobjects/${object}`, fields)).status).toBe(201);
  };
  const makeOf = async (object: string, properties: object) => {
    expect((await sandbox.hubspotApi("POST", `/crm/v3/objects/${object}`, { properties })).status).toBe(201);
  };
  for (const id of ids) {
    await make("Contact", { Ext__c: id, LastName: "L", Title: "old" });
    await make("Lead", { Lead__c: id, LastName: "L", Company: "C" });
    await make("Thing__c", { Thing_Id__c: id, Label__c: "N" });
    await makeOf("contacts", { ext_id: id, lastname: "L", jobtitle: "old" });
    await makeOf("companies", { comp_id: id, name: "N" });
  }
}

/** What others do: they write a field of record 4, another one of record 3, and take away record 2. */
async function interfere({ sandbox }: Rehearsal): Promise<void> {
  await sandbox.advance(2000);
  const salesforce = async (object: string, key: string, field: string, other: string) => {
    const live = (await sandbox.dump(object)).filter((one) => one["IsDeleted"] !== true);
    const path = (id: string) => `sobjects/${object}/${live.find((one) => one[key] === id)?.["Id"]}`;
    await sandbox.api("PATCH", path("4"), { [field]: "theirs" });
    await sandbox.api("PATCH", path("3"), { [other]: "theirs" });
    await sandbox.api("DELETE", path("2"));
  };
  await salesforce("Contact", "Ext__c", "Title", "Department");
  await salesforce("Lead", "Lead__c", "Company", "Title");
  await salesforce("Thing__c", "Thing_Id__c", "Label__c", "Note__c");
  for (const [object, key, field, other] of [
    ["contacts", "ext_id", "jobtitle", "city"],
    ["companies", "comp_id", "name", "city"],
  ] as const) {
    const live = (await sandbox.dumpHubSpot(object)).filter(({ archived }) => !archived);
    const path = (id: string) =>
      `/crm/v3/objects/${object}/${live.find(({ properties }) => properties[key] === id)?.id}`;
    await sandbox.hubspotApi("PATCH", path("4"), { properties: { [field]: "theirs" } });
    await sandbox.hubspotApi("PATCH", path("3"), { properties: { [other]: "theirs" } });
    await sandbox.hubspotApi("DELETE", path("2"));
  }
  await sandbox.advance(2000);
}

test("what others have done since a kill is not written over", async () => {
  await using place = await rehearse(
    job,
    {
      "inbox/updates.csv": csv([["id", "last", "title"], ...ids.map((id) => [id, "L", "new"])]),
      "inbox/deletes.csv": csv([["Lead__c"], ...ids.map((id) => [id])]),
      "inbox/mirror.csv": csv([
        ["id", "last"],
        ["0", "N"],
      ]),
    },
    objects,
  );
  const { project, sandbox } = place;
  await fill(place);
  const env = { LOADLINE_FAILPOINT: "committed:1" };
  const killed = await project.start(["run", "job.yaml"], { env }).finished;
  expect(killed.signal, killed.stderr).toBe("SIGKILL");
  await interfere(place);
  const forecast = JSON.parse((await project.run("resume", "--plan", "--json")).stdout) as {
    streams: Record<string, { lookedAtAgain: number }>;
  };
  expect(forecast.streams["deletes"]).toMatchObject({ lookedAtAgain: 4 });
  const done = await project.run("resume", "--json");
  expect(done.code, done.stderr).toBe(0);
  const { streams, run } = done.summary();
  // A field that is not written is another's own.
  const updated = { updates: 2, conflicts: 2, loaded: 2, failed: 0 };
  expect(streams).toMatchObject({
    updates: updated,
    hs_updates: updated,
    deletes: { deletes: 1, conflicts: 3, loaded: 1, failed: 0 },
    mirror: { creates: 1, mirrorDeletes: 1, conflicts: 0, loaded: 2, failed: 0 },
    hs_mirror: { creates: 1, mirrorDeletes: 1, conflicts: 0, loaded: 2, failed: 0 },
  });
  const live = async (object: string, key: string, field: string) =>
    (await sandbox.dump(object))
      .filter((one) => one["IsDeleted"] !== true)
      .map((one) => `${one[key]} ${one[field]}`)
      .sort();
  expect(await live("Contact", "Ext__c", "Title")).toEqual(["1 new", "3 new", "4 theirs"]);
  expect(await live("Lead", "Lead__c", "Company")).toEqual(["3 C", "4 theirs"]);
  expect(await live("Thing__c", "Thing_Id__c", "Label__c")).toEqual(["0 N", "3 N", "4 theirs"]);
  const liveOf = async (object: string, key: string, field: string) =>
    (await sandbox.dumpHubSpot(object))
      .filter(({ archived }) => !archived)
      .map(({ properties }) => `${properties[key]} ${properties[field]}`)
      .sort();
  expect(await liveOf("contacts", "ext_id", "jobtitle")).toEqual(["1 new", "3 new", "4 theirs"]);
  expect(await liveOf("companies", "comp_id", "name")).toEqual(["0 N", "3 N", "4 theirs"]);
  const told = (stream: string) => project.read(`.loadline/runs/${run}/conflicts/${stream}.csv`);
  for (const stream of ["updates", "hs_updates"]) {
    expect(told(stream)).toContain("the record is gone");
    expect(told(stream)).toMatch(/: the plan saw ""old"", now ""theirs""/);
  }
  for (const stream of ["deletes", "mirror", "hs_mirror"]) {
    expect(told(stream)).toContain("the record is gone");
    expect(told(stream).match(/the record was changed/g), stream).toHaveLength(2);
  }
});

test("what was answered before the kill is loaded, and what another has made of it since is left", async () => {
  const both = `version: 1
name: both
streams:
  updates:
    source: { connection: drop, files: "updates.csv" }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: update }
    map: { Ext__c: id, Title: title, Email: email }
  hs_updates:
    source: { connection: drop, files: "updates.csv" }
    target: { connection: hubspot, object: contacts, key: ext_id, mode: update }
    map: { ext_id: id, jobtitle: title }
rejects: { max: 100% }
`;
  // The org refuses an address in brackets, the job does not.
  const rows = ids.map((id) => [id, `new ${id}`, id < "3" ? "" : `no(${id})`]);
  await using place = await rehearse(both, { "inbox/updates.csv": csv([["id", "title", "email"], ...rows]) }, objects);
  const { project, sandbox } = place;
  await fill(place);
  const killAt = (failpoint: string) => ({ env: { LOADLINE_FAILPOINT: failpoint } });
  const killed = await project.start(["run", "job.yaml"], killAt("answered:1")).finished;
  expect(killed.signal, killed.stderr).toBe("SIGKILL");
  await sandbox.advance(2000);
  const change = async (key: string) => {
    const record = (await sandbox.dump("Contact")).find((one) => one["Ext__c"] === key);
    await sandbox.api("PATCH", `sobjects/Contact/${record?.["Id"]}`, { Title: "theirs" });
  };
  await change("1");
  await change("3");
  // The first is where what was answered is taken into a batch of its own.
  const again = await project.start(["resume"], killAt("answered:2")).finished;
  expect(again.signal, again.stderr).toBe("SIGKILL");
  const path = "/crm/v3/objects/contacts/1?idProperty=ext_id";
  await sandbox.hubspotApi("PATCH", path, { properties: { jobtitle: "theirs" } });
  const done = await project.run("resume", "--json");
  expect(done.summary().streams, done.stderr).toMatchObject({
    updates: { updates: 3, loaded: 2, failed: 1, conflicts: 1 },
    hs_updates: { updates: 4, loaded: 4, conflicts: 0 },
  });
  const here = new Map((await sandbox.dump("Contact")).map((one) => [one["Ext__c"], one["Title"]]));
  expect(ids.map((id) => here.get(id))).toEqual(["theirs", "new 2", "theirs", "old"]);
  const there = (await sandbox.dumpHubSpot("contacts")).map(({ properties }) => properties["jobtitle"]);
  expect(there).toEqual(["theirs", "new 2", "new 3", "new 4"]);
});

test("a delete that may have been sent is not sent again where the record is there and changed", async () => {
  const archive = `version: 1
name: archive
streams:
  deletes:
    source: { connection: drop, files: "deletes.csv" }
    target: { connection: hubspot, object: companies, key: comp_id, mode: delete, batch: { rows: 1 } }
rejects: { max: 100% }
guards: { deletes: 100 }
`;
  const inbox = { "inbox/deletes.csv": csv([["comp_id"], ...ids.map((id) => [id])]) };
  await using place = await rehearse(archive, inbox, objects);
  const { project, sandbox } = place;
  await fill(place);
  // The last one is about to be sent; of those before it nobody knows whether they were.
  const killed = await project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "committed:4" } }).finished;
  expect(killed.signal, killed.stderr).toBe("SIGKILL");
  await interfere(place);
  const done = await project.run("resume", "--json");
  expect(done.code, done.stderr).toBe(0);
  const { streams, run } = done.summary();
  expect(streams["deletes"]?.failed).toBe(0);
  expect(project.read(`.loadline/runs/${run}/conflicts/deletes.csv`)).toMatch(/^4,.*the record was changed/m);
  const live = (await sandbox.dumpHubSpot("companies")).filter(({ archived }) => !archived);
  expect(live.map(({ properties }) => `${properties["comp_id"]} ${properties["name"]}`)).toContain("4 theirs");
});

test.each([
  { system: "hubspot", object: "contacts", key: "ext_id", name: "lastname", kills: ["planned:1", "committed:1"] },
  { system: "salesforce", object: "Lead", key: "Lead__c", name: "LastName", kills: ["committed:1"] },
])("a create that may have been sent writes over no record of another: $system", async (way) => {
  const { system, object, key, name, kills } = way;
  const load = `version: 1
name: creates
streams:
  creates:
    source: { connection: drop, files: "creates.csv" }
    target: { connection: ${system}, object: ${object}, key: ${key}, mode: upsert }
    map: { ${key}: id, ${name}: last${system === "salesforce" ? ", Company: last" : ""} }
rejects: { max: 100% }
`;
  const inbox = { "inbox/creates.csv": csv([["id", "last"], ...ids.map((id) => [id, `N${id}`])]) };
  await using place = await rehearse(load, inbox, objects);
  const { project, sandbox } = place;
  const make = async (id: string, last: string) => {
    const fields = { [key]: id, [name]: last, ...(system === "salesforce" ? { Company: last } : {}) };
    const made =
      system === "salesforce"
        ? await sandbox.api("POST", `sobjects/${object}`, fields)
        : await sandbox.hubspotApi("POST", `/crm/v3/objects/${object}`, { properties: fields });
    expect(made.status).toBe(201);
  };
  const live = async () => {
    const records =
      system === "salesforce"
        ? await sandbox.dump(object)
        : (await sandbox.dumpHubSpot(object)).map(({ properties }) => properties);
    return records.map((one) => `${one[key]} ${one[name]}`).sort();
  };
  const kill = async (at: string, ...args: string[]) => {
    const killed = await project.start(args, { env: { LOADLINE_FAILPOINT: at } }).finished;
    expect(killed.signal, `${at}: ${killed.stderr}`).toBe("SIGKILL");
  };
  for (const [index, at] of kills.entries()) await kill(at, ...(index === 0 ? ["run", "job.yaml"] : ["resume"]));
  // A stranger's, and one that is as the call would have made it.
  await make("2", "Another");
  await make("3", "N3");
  // What is left of the batch may have been sent as well.
  await kill("rechecked:1", "resume");
  await make("4", "A third");
  const done = await project.run("resume", "--json");
  expect(done.code, done.stderr).toBe(0);
  const { streams, run } = done.summary();
  expect(streams["creates"]).toMatchObject({ creates: 2, loaded: 2, conflicts: 2, failed: 0, inDoubt: 0 });
  expect(await live()).toEqual(["1 N1", "2 Another", "3 N3", "4 A third"]);
  const told = project.read(`.loadline/runs/${run}/conflicts/creates.csv`);
  expect(told).toMatch(/^2,.*the plan saw nothing, now ""Another""/m);
  expect(told).toMatch(/^4,.*now ""A third""/m);
});
