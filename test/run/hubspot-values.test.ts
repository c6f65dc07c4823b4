// Values in HubSpot, through the real binary: what is sent is what was meant, and what is there is no change.

import fc from "fast-check";
import { expect, test } from "vitest";
import "../support/each-file.ts";
import { casesOf } from "../support/cases.ts";
import { hubspotProperties, option, type Rehearsal, rehearse } from "./support.ts";

const schema = {
  hubspot: {
    contacts: {
      properties: {
        ...hubspotProperties,
        note: { type: "string", fieldType: "textarea" },
        grade: {
          type: "enumeration",
          fieldType: "select",
          options: [option("Small", "a"), option("Big", "A"), option("Same", "one"), option("Same", "two")],
        },
        tags: {
          type: "enumeration",
          fieldType: "checkbox",
          options: [option("Zero", "t0"), option("One", "t1"), option("Two", "t2"), option("Three", "t3")],
        },
      },
    },
  },
};

function job(map: string, { key = "ext_id", mode = "upsert" } = {}): string {
  return `version: 1
name: contacts
timezone: Europe/Berlin
streams:
  contacts:
    source: { connection: drop, files: "contacts*.csv" }
    target: { connection: hubspot, object: contacts, key: ${key}, mode: ${mode} }
    map:
${map}
rejects: { max: 100% }
`;
}

const idAnd = (map: string) => `      ext_id: id\n${map}`;

async function stored(run: Rehearsal): Promise<Map<string, Record<string, string>>> {
  const records = await run.sandbox.dumpHubSpot("contacts");
  return new Map(records.map(({ id, properties }) => [properties["ext_id"] ?? "", { ...properties, id }]));
}

async function load(run: Rehearsal) {
  const done = await run.project.run("run", "job.yaml", "--json");
  expect(done.code, done.stderr).toBe(0);
  return done.summary().streams["contacts"];
}

function rejects(run: Rehearsal): string {
  const folder = run.project.runFolders().at(-1) ?? "";
  return run.project.read(`${folder.slice(run.project.folder.length + 1)}/rejects/contacts.csv`);
}

test("a number with a fraction is not changed by its way through the engine, and is no change afterwards", async () => {
  await using run = await rehearse(
    job(idAnd("      score: CAST(n AS DOUBLE)")),
    { "inbox/contacts.csv": "id,n\na,123456789012.34\nb,0.1\nc,1e15\n" },
    schema,
  );
  expect(await load(run)).toMatchObject({ creates: 3, loaded: 3 });
  expect([...(await stored(run)).values()].map(({ score }) => score).sort()).toEqual([
    "0.1",
    "1000000000000000",
    "123456789012.34",
  ]);
  expect(await load(run)).toMatchObject({ unchanged: 3, updates: 0 });
});

test("options that only their case tells apart are kept apart, a label that two options have names neither, an invisible name is none", async () => {
  await using run = await rehearse(
    job(idAnd("      grade: grade\n      firstname: { from: name, on_null: reject }")),
    { "inbox/contacts.csv": "id,grade,name\n1,a,x\n2,A,x\n3,small,x\n4,BIG,x\n5,same,x\n6,two,x\n7,a, \u00a0\n" },
    schema,
  );
  expect(await load(run)).toMatchObject({ creates: 5, rejected: 2 });
  const grades = [...(await stored(run))].map(([key, { grade }]) => `${key}=${grade}`);
  expect(grades.sort()).toEqual(["1=a", "2=A", "3=a", "4=A", "6=two"]);
  expect(rejects(run)).toContain('""same"" is not an option of grade (Small, Big, one, two)');
  expect(rejects(run)).toContain("has no value (on_null: reject)");
  expect(await load(run)).toMatchObject({ unchanged: 5, rejected: 2, updates: 0 });
});

test("a value that could not be written any more is cleared, not missed, and counts as filled", async () => {
  const map =
    "      hubspot_owner_id: { from: owner, on_null: clear }\n      grade: { from: grade, policy: fill_empty }";
  await using run = await rehearse(
    job(idAnd(map)),
    { "inbox/contacts.csv": "id,owner,grade\na,,Small\n" },
    { hubspot: { contacts: { properties: schema.hubspot.contacts.properties } } },
  );
  const { body } = await run.sandbox.hubspotApi("GET", "/crm/v3/owners?archived=true");
  const archived = (body as { results: { id: string }[] }).results[0]?.id ?? "";
  await run.sandbox.hubspotApi("POST", "/crm/v3/objects/contacts", {
    properties: { ext_id: "a", hubspot_owner_id: archived, grade: "two" },
  });
  const left = [{ ...option("Small", "a"), displayOrder: 0, hidden: false }];
  await run.sandbox.hubspotApi("PATCH", "/crm/v3/properties/contacts/grade", { options: left });
  const plan = await run.project.run("plan", "job.yaml");
  expect(plan.stdout).toMatch(new RegExp(`hubspot_owner_id\\s+${archived} → `));
  expect(await load(run)).toMatchObject({ updates: 1, loaded: 1 });
  const record = (await stored(run)).get("a");
  expect(record?.["hubspot_owner_id"] ?? "").toBe("");
  expect(record?.["grade"]).toBe("two");
});

test("keys with anything in them name their records again: separators, quotes, capitals, blanks, other alphabets", async () => {
  const keys = [
    "a,b",
    'q"uote',
    "semi;colon",
    "UPPER",
    "Ümläut",
    "İx",
    "  pad ",
    "日本",
    "new\nline",
    "a/b?c=%20&d",
    "tab\t",
  ];
  const csv = (last: string) =>
    `id,last\n${keys.map((key) => `"${key.replaceAll('"', '""')}",${last}`).join("\n")}\n,blank\n`;
  await using run = await rehearse(job(idAnd("      lastname: last")), { "inbox/contacts.csv": csv("one") }, schema);
  expect(await load(run)).toMatchObject({ creates: keys.length, loaded: keys.length, rejected: 1 });
  expect(await load(run)).toMatchObject({ unchanged: keys.length, creates: 0, rejected: 1 });
  run.project.write({ "inbox/contacts.csv": csv("two").replace("UPPER", "upper").replace("Ümläut", "ümläut") });
  expect(await load(run)).toMatchObject({ updates: keys.length, loaded: keys.length, creates: 0 });
  expect(rejects(run)).toContain("the key is blank");
  expect([...(await stored(run)).values()].every(({ lastname }) => lastname === "two")).toBe(true);
});

test("an id that is no number rejects its row and not the run", async () => {
  await using run = await rehearse(
    job("      hs_object_id: id\n      lastname: last", { key: "hs_object_id", mode: "update" }),
    {},
    schema,
  );
  const { body } = await run.sandbox.hubspotApi("POST", "/crm/v3/objects/contacts", {
    properties: { lastname: "one" },
  });
  const { id } = body as { id: string };
  run.project.write({ "inbox/contacts.csv": `id,last\n${id},two\nabc,x\n999999999,y\n` });
  expect(await load(run)).toMatchObject({ updates: 1, loaded: 1, rejected: 1, unmatched: 1 });
  expect(rejects(run)).toContain('""abc"" is not the id of a record');
});

test("a time that names its zone in words is read by it", async () => {
  await using run = await rehearse(
    job(idAnd("      seen_at: seen")),
    { "inbox/contacts.csv": "id,seen\na,2026-01-02 03:04:05 UTC\nb,2026-01-02 03:04:05\n" },
    schema,
  );
  await load(run);
  const seen = [...(await stored(run)).values()].map(({ seen_at }) => Date.parse(seen_at ?? ""));
  // Without a zone it is the job's, Berlin.
  expect(seen).toEqual([Date.parse("2026-01-02T03:04:05Z"), Date.parse("2026-01-02T02:04:05Z")]);
});

const text = fc.string({ unit: "grapheme", maxLength: 12 }).filter((value) => !value.includes("\0"));
const instant = fc.date({ min: new Date("1900-01-01"), max: new Date("2100-01-01"), noInvalidDate: true });
const cells = {
  note: fc.oneof(text, fc.constantFrom("", " ", " both ", "a\r\nb", "␀", '"', "null", "=1+1")),
  score: fc.oneof(
    fc.double({ min: -1e15, max: 1e15, noNaN: true }).map(String),
    fc.integer().map(String),
    fc.constantFrom("", " 12 ", "-0", "1.50", "1e3", "+7", ".5", "5.", "1,5", "abc", "0.0000000000001"),
  ),
  born: fc.oneof(
    instant.map((at) => at.toISOString().slice(0, 10)),
    fc.constantFrom("", "2026-02-30", "1969-12-31", "31.12.2026", "2026-1-2"),
  ),
  seen_at: fc.oneof(
    instant.map((at) => at.toISOString()),
    instant.map((at) => at.toISOString().replace("Z", "+02:00")),
    instant.map((at) => at.toISOString().slice(0, 19).replace("T", " ")),
    fc.constantFrom("", "2026-01-02T03:04:05.123456Z", "2026-01-02", "1767323045000", "later", "2026-03-29 02:30:00"),
  ),
  active: fc.constantFrom("", "true", "FALSE", "1", "0", "yes", "no", "maybe"),
  grade: fc.constantFrom("", "a", "A", "Small", " big ", "one", "Same", "none"),
  tags: fc.oneof(
    fc.shuffledSubarray(["t0", "One", "two", " T3 ", ""]).map((parts) => parts.join(";")),
    fc.constantFrom("t1;t1", ";", "t1;none"),
  ),
  hubspot_owner_id: fc.constantFrom("", "700101", "700104", "none@x.de"),
};
const row = fc.record(cells);
type Row = typeof row extends fc.Arbitrary<infer Cells> ? Cells : never;

function csvOf(rows: readonly Row[]): string {
  const names = Object.keys(cells) as (keyof Row)[];
  const lines = rows.map((one, index) => {
    const email = index % 3 === 0 ? "" : ` P${index}@Example.COM`;
    return [`key ${index}`, email, ...names.map((name) => one[name])]
      .map((cell) => `"${cell.replaceAll('"', '""')}"`)
      .join(",");
  });
  return `id,email,${names.join(",")}\n${lines.join("\n")}\n`;
}

test("whatever the values, HubSpot takes what loadline sends, and a second run changes nothing", async () => {
  const named = Object.keys(cells).map((name) => `      ${name}: { from: ${name}, on_null: clear }`);
  await using run = await rehearse(job(idAnd(`      email: email\n${named.join("\n")}`)), {}, schema);
  const rows = fc.array(row, { minLength: 40, maxLength: 80 });
  await fc.assert(
    fc.asyncProperty(rows, async (given) => {
      run.project.write({ "inbox/contacts.csv": csvOf(given) });
      expect(await load(run)).toMatchObject({ failed: 0, inDoubt: 0 });
      expect(await load(run)).toMatchObject({ creates: 0, updates: 0, loaded: 0, failed: 0 });
    }),
    { numRuns: casesOf(16), endOnFailure: true },
  );
}, 120_000);
