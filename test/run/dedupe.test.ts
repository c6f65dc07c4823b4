// Rows that are one record: which is kept, and what it gets of the others.

import { basename } from "node:path";
import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { contactsJob, rehearse } from "./support.ts";

const map = `      Ext__c: id
      LastName: last
      Email: email
      Amount__c: amount
      Seen__c: { from: seen, on_null: skip }`;
const rows = (lines: readonly string[]) => `id,last,email,amount,seen\n${lines.join("\n")}\n`;
const files = {
  "inbox/contacts1.csv": rows([
    "A,Old,a@x.com,10,2026-01-01T00:00:00Z",
    "B,Tie,,9.5,2026-01-01T00:00:00Z",
    "C,Alone,c@x.com,1,2026-01-01T00:00:00Z",
    "D,Blank,,,",
    "D,Kept,,,2026-01-01T00:00:00Z",
  ]),
  "inbox/contacts2.csv": rows([
    "A,Newest,,9,2026-03-01T00:00:00+01:00",
    "a,Middle name,late@x.com,-5,2026-02-01T00:00:00Z",
    "B,Last,b@x.com,,2026-01-01T01:00:00+01:00",
  ]),
};

test("the newest row of several files is kept, with values of the others; ties and blanks are told", async () => {
  const dedupe = `    dedupe:
      by: [Ext__c]
      keep: newest
      newest_by: Seen__c
      merge: { Email: first_filled, Amount__c: max, LastName: longest }`;
  await using place = await rehearse(contactsJob({ map, stream: dedupe }), files);
  const { project } = place;
  const run = await project.run("run", "job.yaml", "--json");
  expect(run.code, run.stderr).toBe(0);
  expect(run.summary().streams["contacts"]).toMatchObject({
    extracted: 8,
    duplicates: 3,
    rejected: 1,
    creates: 4,
    loaded: 4,
    rejectReasons: [
      {
        field: "Seen__c",
        rule: "required",
        count: 1,
        example: expect.stringContaining("contacts1.csv, line 5: is blank"),
      },
    ],
  });
  const found = [...(await place.contacts()).values()]
    .filter((record) => record["Ext__c"] !== null)
    .map((record) => ["Ext__c", "LastName", "Email", "Amount__c", "Seen__c"].map((name) => record[name] ?? null))
    .toSorted((left, right) => (String(left[0]) < String(right[0]) ? -1 : 1));
  expect(found).toEqual([
    ["A", "Middle name", "a@x.com", 10, expect.stringContaining("2026-02-28T23:00:00")],
    ["B", "Last", "b@x.com", 9.5, expect.stringContaining("2026-01-01T00:00:00")],
    ["C", "Alone", "c@x.com", 1, expect.stringContaining("2026-01-01")],
    ["D", "Kept", null, null, expect.stringContaining("2026-01-01")],
  ]);
  const last = basename(project.runFolders().at(-1) ?? "");
  const dropped: Record<string, string>[] = parse(project.read(`.loadline/runs/${last}/duplicates/contacts.csv`), {
    columns: true,
  });
  expect(dropped.map((row) => [row["last"], row["loadline_error"]])).toEqual([
    ["Old", "has the Ext__c of another row, which counts (dedupe.keep: newest)"],
    ["Tie", "has the Ext__c of another row, which counts (dedupe.keep: newest; of rows that tie the last)"],
    ["Middle name", "has the Ext__c of another row, which counts (dedupe.keep: newest)"],
  ]);
  // What was merged is what is there: a second run has nothing to do.
  const again = await project.run("run", "job.yaml", "--json");
  expect(again.summary().streams["contacts"]).toMatchObject({ creates: 0, updates: 0, unchanged: 4 });
  const complete = `    dedupe: { by: [Ext__c], keep: most_complete }`;
  project.write({ "job.yaml": contactsJob({ map, stream: complete }) });
  const plan = await project.run("plan", "job.yaml", "--json");
  expect(plan.summary().streams["contacts"]).toMatchObject({ extracted: 8, duplicates: 4, rejected: 0 });
});

test("an order that not all systems share, and merged keys, are refused", async () => {
  const check = async (dedupe: string, mapped = map) => {
    await using place = await rehearse(
      contactsJob({ map: mapped, stream: `    dedupe: { by: [Ext__c], ${dedupe} }` }),
      files,
    );
    const { code, stderr } = await place.project.run("check", "job.yaml");
    expect(code).toBe(2);
    return stderr;
  };
  expect(await check("keep: newest, newest_by: LastName")).toContain(
    "dedupe.newest_by wants a date, a time or a number; LastName is a string",
  );
  expect(await check("keep: last, merge: { Email: longest, LastName: max }")).toMatch(
    /:\d+:66: dedupe.merge: max wants a date, a time or a number; LastName is a string/,
  );
  expect(await check("keep: last, merge: { Ext__c: longest, Emial: max }")).toMatch(
    /"Ext__c" tells records apart[\s\S]*"Emial" is not in the map/,
  );
  const contested = map.replace("Email: email", "Email: { from: email, policy: newest, newest_by: seen }");
  expect(await check("keep: last, merge: { Email: longest }", contested)).toContain(
    "goes by the time of the row that stays",
  );
  expect(await check("keep: newest")).toContain("`keep: newest` and `newest_by` go together");
});

test("a row whose merged values break a rule together is a reject by name, though each was right in its row", async () => {
  const stream = (
    exists = "",
  ) => `    dedupe: { by: [Ext__c], keep: last, merge: { Email: first_filled, Amount__c: max } }
    validate:
      - { expr: "Amount__c < 10 OR Email = 'rich@x.com'", message: only the rich }
      - { expr: "Amount__c < 10 OR truncate(collapse_spaces(LastName), 5) <> 'B2'", severity: warn }
      - { expr: "CAST(left(Email, 1) || CAST(Amount__c AS INTEGER) AS VARCHAR) <> 'z8'" }${exists}`;
  await using place = await rehearse(contactsJob({ map, stream: stream(), top: "redact: [Email]" }), {
    "inbox/contacts.csv": rows([
      "A,A1,a@x.com,9,2026-01-01T00:00:00Z",
      "A,A2,rich@x.com,50,2026-01-01T00:00:00Z",
      "B,B1,rich@x.com,50,2026-01-01T00:00:00Z",
      "B,B2,b@x.com,1,2026-01-01T00:00:00Z",
      "C,C1,z@x.com,1,2026-01-01T00:00:00Z",
      "C,C2,c@x.com,8,2026-01-01T00:00:00Z",
      "D,D1,d@x.com,8,2026-01-01T00:00:00Z",
      "D,B2,rich@x.com,50,2026-01-01T00:00:00Z",
    ]),
    "inbox/ref.csv": "mail,amount\na@x.com,9\n",
  });
  const { project } = place;
  const run = await project.run("run", "job.yaml", "--json");
  expect(run.code, run.stderr).toBe(0);
  expect(run.summary().streams["contacts"]).toMatchObject({ extracted: 8, duplicates: 4, rejected: 3, loaded: 1 });
  const last = basename(project.runFolders().at(-1) ?? "");
  const rejects: Record<string, string>[] = parse(project.read(`.loadline/runs/${last}/rejects/contacts.csv`), {
    columns: true,
  });
  const why = "; its values are of several rows (dedupe.merge)";
  expect(rejects.map((row) => [row["last"], row["loadline_error"]])).toEqual([
    ["A2", `only the rich (Email (hidden), Amount__c = "50.00")${why}`],
    ["C2", expect.stringMatching(/^not true: CAST\(left.*Email \(hidden\), Amount__c = "8\.00"\); its values/)],
    ["B2", `only the rich (Email (hidden), Amount__c = "50.00")${why}`],
  ]);
  // B has the riches of its first row; what is told of it is told once.
  expect(run.summary().streams["contacts"]?.warnings).toEqual([
    { field: "", rule: "expr", count: 1, example: expect.stringContaining("of several rows (dedupe.merge)") },
  ]);
  project.write({
    "job.yaml": contactsJob({
      map,
      stream: stream(
        "\n      - { field: Email, exists: { lookup: { file: inbox/ref.csv, key: [mail, amount], from: [Email, Amount__c] } } }",
      ),
    }),
  });
  const { stderr } = await project.run("check", "job.yaml");
  expect(stderr).toMatch(
    /job\.yaml:18:\d+: exists looks up several fields together, one of which dedupe\.merge may take/,
  );
});
