// `loadline preview`: source rows beside mapped rows, with what becomes of each; nothing is written.

import { describe, expect, test } from "vitest";
import { createProject } from "../support/rig.ts";
import { rehearse } from "./support.ts";

const job = `version: 1
name: people
streams:
  people:
    source: { connection: drop, files: "*.csv", keep: "gone <> 'x'" }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: upsert }
    map: { Ext__c: upper(id), LastName: trim(last), Email: lower(email), Amount__c: amount, Account.Acc__c: company }
    validate: [{ expr: "LastName <> 'W'", message: w is doubtful, severity: warn }]
redact: [Email]
`;

const csv = `id,last,email,amount,company,gone
a1,Same,,1.5,,
a2,New,Me@acme.com,2,,
a3,X,,one,,
a4,X,,,none,
a5,gone,,,,x
a6,"broken" here,,,,
a7,W,,,,
`;

interface Previewed {
  streams: Record<string, { filtered: number; rows: Record<string, unknown>[] }>;
  exitCode: number;
}

describe("loadline preview", () => {
  test("computes what a run does by a library, by tables and with the key of pseudonyms", async () => {
    const map =
      '{ Ext__c: "left(pseudonym(id), 40)", LastName: strip_html(last), Phone: "phone(tel, \'DE\')", MailingCountry: country_code(land) }';
    const computed = job
      .replace(/map: .*/, `map: ${map}`)
      .replace(/validate: .*/, "")
      .replace(/, keep: [^}]*/, " ")
      .replace(/redact.*/, "");
    const csv = "id,last,tel,land\na1,<b>Doe</b>,030 901820,Deutschland\n";
    await using place = await rehearse(computed, { "inbox/c.csv": csv });
    place.project.env = {
      SF_CLIENT_ID: "sandbox",
      SF_CLIENT_SECRET: "sandbox",
      LOADLINE_PSEUDONYM_KEY: "0123456789abcdef",
    };
    const run = await place.project.run("preview", "job.yaml", "--json", "--where", "phone(tel, 'DE') LIKE '+49%'");
    expect(run.stderr).toBe("");
    const [row] = (JSON.parse(run.stdout) as Previewed).streams["people"]?.rows ?? [];
    expect(row).toMatchObject({
      state: "create",
      mapped: { LastName: "Doe", Phone: "+4930901820", MailingCountry: "DE" },
    });
  });

  test("shows what becomes of each row, and leaves neither records nor files", async () => {
    await using place = await rehearse(job, { "inbox/c.csv": csv });
    const { project, sandbox } = place;
    project.env = { SF_CLIENT_ID: "sandbox", SF_CLIENT_SECRET: "sandbox" };
    for (const record of [
      { Ext__c: "A1", LastName: "Same", Amount__c: 1.5 },
      { Ext__c: "A2", LastName: "Old", Email: "old@acme.com" },
    ])
      expect((await sandbox.api("POST", "sobjects/Contact", record)).status).toBe(201);
    const shown = await project.run("preview", "job.yaml");
    expect(shown.code).toBe(0);
    expect(shown.stdout).not.toMatch(/me@acme|old@acme/i);
    expect(shown.stdout).toMatch(
      /c\.csv, line 3 {2}update\n {4}id {7}a2 +│ Ext__c +A2\n {4}last {5}New +│ LastName +New\n/,
    );
    expect(shown.stdout).toContain("LastName is Old now");
    const run = await project.run("preview", "job.yaml", "--json");
    const { streams } = JSON.parse(run.stdout) as Previewed;
    expect(streams["people"]?.filtered).toBe(1);
    expect(streams["people"]?.rows.map(({ line, state }) => [line, state])).toEqual([
      [2, "unchanged"],
      [3, "update"],
      [4, "rejected"],
      [5, "rejected"],
      [7, "rejected"],
      [8, "create"],
    ]);
    const [, update, wrong, lost, broken, doubtful] = streams["people"]?.rows ?? [];
    expect(update).toMatchObject({
      file: "c.csv",
      source: { id: "a2", email: "•••" },
      mapped: { Ext__c: "A2", Email: "•••" },
      changes: [
        { field: "LastName", before: "Old", after: "New" },
        { field: "Email", before: "•••", after: "•••" },
        { field: "Amount__c", before: null, after: "2.00" },
      ],
    });
    expect(wrong).toMatchObject({ rejects: [{ field: "Amount__c", rule: "type" }] });
    expect(lost).toMatchObject({ rejects: [{ field: "Account.Acc__c", rule: "lookup" }] });
    expect(doubtful).toMatchObject({ warnings: [{ rule: "expr", message: 'w is doubtful (LastName = "W")' }] });
    expect(broken).toMatchObject({ source: {}, rejects: [{ rule: "record", message: "•••" }] });
    expect((await sandbox.dump("Contact")).map(({ LastName }) => LastName)).toEqual(["Same", "Old"]);
    expect(project.list(".loadline")).toEqual([]);
    const few = await project.run(
      "preview",
      "job.yaml",
      "--where",
      "last = 'W' OR id = 'a1'",
      "--limit",
      "1",
      "--json",
    );
    expect((JSON.parse(few.stdout) as Previewed).streams["people"]?.rows.map(({ line }) => line)).toEqual([2]);
  });

  test("does without the org where it can't be asked, and says so; of wrong names it tells what may be meant", async () => {
    const text = "{ type: string, length: 40, externalId: true, unique: true }";
    await using project = createProject({
      "connections.yaml": `version: 1
connections:
  drop: { type: file, path: ./inbox }
  salesforce: { type: salesforce, login_url: "https://127.0.0.1:1", auth: { access_token: "\${NOT_SET}" } }
`,
      "sandbox.yaml": `salesforce: { Contact: { fields: { Ext__c: ${text}, Amount__c: { type: double } } }, Account: { fields: { Acc__c: ${text} } } }\n`,
      "job.yaml": job,
      "inbox/c.csv": csv,
    });
    const run = await project.run("preview", "job.yaml", "--where", "id = 'a2'", "--json");
    expect(run.stderr).toContain("! salesforce can't be asked (connections.yaml:4:");
    const { streams } = JSON.parse(run.stdout) as Previewed;
    expect(streams["people"]?.rows).toMatchObject([{ state: "create", line: 3 }]);
    expect(project.list(".loadline")).toEqual([]);
    const wrong = await project.run("preview", "job.yaml", "--where", "idd = 'a2'");
    expect(wrong.stderr).toContain('--where: the files of stream people have no column "idd"');
    expect(wrong.code).toBe(2);
    const none = await project.run("preview", "job.yaml", "--stream", "peple");
    expect(none.stderr).toContain("did you mean people?");
  });
});
