// Loads into HubSpot, through the real binary: what is created, updated, cleared, refused, and left alone.

import { expect, test } from "vitest";
import { hubspotProperties, option, rehearse } from "./support.ts";

const schema = {
  hubspot: {
    contacts: {
      properties: {
        ...hubspotProperties,
        colour: {
          type: "enumeration",
          fieldType: "select",
          options: [option("Dark red", "dark_red"), option("Blue", "blue")],
        },
        tags: {
          type: "enumeration",
          fieldType: "checkbox",
          options: [option("One", "t1"), option("Two", "t2"), option("Three", "t3")],
        },
      },
    },
    companies: { properties: { vendor_id: { type: "string", fieldType: "text", hasUniqueValue: true } } },
  },
};

function job({ mode = "upsert", map = "", target = "", key = "ext_id" } = {}): string {
  return `version: 1
name: contacts
streams:
  contacts:
    source: { connection: drop, files: "contacts*.csv" }
    target: { connection: hubspot, object: contacts, key: ${key}, mode: ${mode}${target} }
    map:
      ext_id: id
${map}
rejects: { max: 100% }
`;
}

const fullMap = `      email: email
      lastname: last
      score: score
      born: born
      seen_at: seen
      active: active
      colour: colour
      tags: { from: tags, on_null: clear }`;

const header = "id,email,last,score,born,seen,active,colour,tags\n";

test("values arrive as HubSpot wants them", async () => {
  const csv = `${header}a,Ann@Example.com,Ångström,12.50,2001-02-03,2026-01-02T03:04:05+01:00,yes,Dark red,Two;one\nb,,Bee,1e3,,,no,blue,\n`;
  await using run = await rehearse(job({ map: fullMap }), { "inbox/contacts.csv": csv }, schema);
  const first = await run.project.run("run", "job.yaml", "--json");
  expect(first.code, first.stderr).toBe(0);
  expect(first.summary().streams["contacts"]).toMatchObject({ creates: 2, loaded: 2, failed: 0 });
  const stored = await run.sandbox.dumpHubSpot("contacts");
  const byId = new Map(stored.map((record) => [record.properties["ext_id"], record.properties]));
  expect(byId.get("a")).toMatchObject({
    email: "ann@example.com",
    lastname: "Ångström",
    score: "12.5",
    born: "2001-02-03",
    active: "true",
    colour: "dark_red",
  });
  expect(byId.get("a")?.["tags"]?.split(";").sort()).toEqual(["t1", "t2"]);
  expect(Date.parse(byId.get("a")?.["seen_at"] ?? "")).toBe(Date.parse("2026-01-02T02:04:05Z"));
  expect(byId.get("b")).toMatchObject({ score: "1000", active: "false" });
});

test("a row that HubSpot refuses is told with its message, code and property; the others are loaded", async () => {
  const rows = Array.from(
    { length: 250 },
    (_, index) => `r${index},${index % 50 === 7 ? `no${index}(address)` : `p${index}@x.de`}`,
  );
  await using run = await rehearse(
    job({ map: "      email: email" }),
    { "inbox/contacts.csv": `id,email\n${rows.join("\n")}\n` },
    schema,
  );
  const done = await run.project.run("run", "job.yaml", "--json");
  expect(done.code, done.stderr).toBe(0);
  expect(done.summary().streams["contacts"]).toMatchObject({ creates: 250, loaded: 245, failed: 5 });
  const folder = run.project.runFolders()[0] ?? "";
  const rejects = run.project.read(`${folder.slice(run.project.folder.length + 1)}/rejects/contacts.csv`);
  expect(rejects).toContain("INVALID_EMAIL");
  expect(rejects.split("\n").filter((line) => line.includes("(address)"))).toHaveLength(5);
  expect(rejects).toContain("r7,no7(address),INVALID_EMAIL: Email address no7(address) is invalid,email,9");
});
