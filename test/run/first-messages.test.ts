// Mistakes of the first hour: each is one message, at its place, with what to write instead.

import { expect, test } from "vitest";
import { contactsJob, rehearse } from "./support.ts";

const latin1 = (text: string) => Buffer.from(text, "latin1");

/** What check says, by the line of the job file: `10: message` to its lines. */
function byLine(stderr: string): Map<number, string> {
  const parts = stderr.split(/^job\.yaml:(?=\d+:)/m).slice(1);
  return new Map(parts.map((part) => [Number(part.split(":")[0]), part]));
}

test("an expression that is wrong is told in the words of whoever wrote it, with what to write", async () => {
  const mistakes: [expression: string, message: string, next?: string, marked?: string][] = [
    ["Berlin", 'have no column "Berlin"', `A text is written in single quotes: "'Berlin'"`],
    ['"New York"', 'have no column "New York"', `A text is written in single quotes: "'New York'"`],
    ["upper(Berlin)", 'have no column "Berlin"', "columns: id, last, Firma Nr, amount\n"],
    [
      "Firma Nr",
      "SQL reads these words otherwise",
      `put the name into double quotes: "Firma Nr" (in YAML: '"Firma Nr"')`,
    ],
    ["last && id", "&& is not AND in SQL", "write AND", "~~"],
    ["if(last = 'a' && id = '1', 'x', 'y')", "&& is not AND in SQL", "write AND", "~~"],
    ["last === 'a'", "=== is not = in SQL", "write =", "~~~"],
    ["`last`", '` is not " in SQL', 'write "', "~"],
    ["‘Berlin’", 'have no column "‘Berlin’"', "a text is written 'Berlin', a column \"Berlin\""],
    ["upper(“last”) || 'x'", 'have no column "“last”"', 'did you mean "last"?'],
    ["“New York”", "a quote of a word processor is none here", "put a text into '"],
    ["uuid()", "the function uuid can't be used in a job", "loadline help functions lists those that can"],
    ["NOT !(id = last)", "! is not NOT in SQL", "write NOT", "~"],
    ["case when amount > '1' then 'x'", "CASE without END", "write CASE WHEN … THEN … ELSE … END", "~~~~"],
    ["if(last = 'a', (case when id = '1' then 2), 3)", "CASE without END", "END"],
    ["case when id = '1' then 2 end end", "END without CASE"],
    ["upper(trim(last)", "a ( is not closed", "write the ) that is missing"],
    ["upper(last))", "a ) closes nothing"],
    ["last = 'x' ? 'a' || 'b'", "? : is not SQL", "if(condition, then, else)"],
    ["if last = 'x' then 'y'", "if is a function here", "write if(condition, then, else)"],
    ["if(last = 'x', 'y')", "if is given too few or too many arguments", "write if(condition, then, else)"],
    ["'abc", "a text has no closing quote", "end it with '"],
    ["last ||", "something is missing behind ||"],
    ["last =", "the expression ends before it is complete"],
    [
      "substring(last)",
      "substring is given too few or too many arguments",
      "write substring(string, start) or substring(string, start, length)",
      "~~~~~~~~~",
    ],
    ["parse_date(last)", "parse_date takes 2 to 3 arguments, here is 1", "write parse_date(text, format [, locale])"],
    ["left(last, 'x', 3)", "left is given too few or too many arguments", "write left(string, count)"],
    ["last + ' ' + id", "+ can't be used between text and text", "texts are joined by ||"],
    ["trm(last)", "did you mean trim?"],
    [
      "state_code(last, 'XX')",
      'state_code: "XX" as its country: no country is known by this name',
      "write state_code(",
    ],
    ["last.phone('AQ')", 'phone: "AQ" as its country: there is no numbering plan of AQ', "write phone("],
    ["currency(last, 'Korea')", 'currency: "Korea" as its country: it may be KR or KP', "write currency("],
    ["country_name(last, 'xx')", 'there are no names in the language "xx"', "write country_name("],
    ["parse_date(last, '%-d. %-b %Y')", '"%-b" is no place of a date that can be read', "write parse_date("],
    ["strptime(last, '%H:%M%z %d.%m.%Y (Z)')", "its Z would be read as the zone, as %z does: leave one out"],
    ["if(id > 1e400, last, id)", "the number 1e400 is larger than any that can be computed with", "", "~~~~~"],
    ["if(id = -1e-400, last, id)", "the number -1e-400 is so small that it would be taken for 0", "", "~~~~~~~"],
    ["1234567890123456789012345678901234567890 || 'Infinity'", "has more than the 38 digits that can be computed with"],
  ];
  const fields = mistakes.map(([expression], index) => `      Loose${index}__c: ${JSON.stringify(expression)}`);
  const objects = {
    salesforce: {
      Contact: {
        fields: {
          Ext__c: { type: "string", length: 40, externalId: true, unique: true },
          ...Object.fromEntries(mistakes.map((_, index) => [`Loose${index}__c`, { type: "string", length: 200 }])),
        },
      },
    },
  };
  const map = ["      Ext__c: id", "      LastName: last", ...fields].join("\n");
  await using rehearsal = await rehearse(
    contactsJob({ map }),
    { "inbox/contacts.csv": "id,last,Firma Nr,amount\n1,x,2,3\n" },
    objects,
  );
  const { stderr, code } = await rehearsal.project.run("check", "job.yaml");
  expect(code).toBe(2);
  const said = byLine(stderr);
  const first =
    contactsJob({ map })
      .split("\n")
      .findIndex((line) => line.includes("Loose0__c")) + 1;
  for (const [index, [expression, message, next, marked]] of mistakes.entries()) {
    const one = said.get(first + index) ?? "";
    expect(one, expression).toContain(message);
    if (next !== undefined) expect(one, expression).toContain(next);
    if (marked !== undefined) expect(one.split("\n")[2]?.trim().split("| ")[1]?.trim(), expression).toBe(marked);
  }
  expect(said.size).toBe(mistakes.length);
  expect(stderr.match(/^job\.yaml:/gm)).toHaveLength(mistakes.length);
});

test("a file that is read in the wrong way, and names that the system has not, are one message each, with the remedy", async () => {
  const job = (name: string, file: string, source = "", target = "object: Contact, key: Ext__c") => `version: 1
name: ${name}
streams:
  s:
    source: { connection: drop, files: "${file}"${source} }
    target: { connection: ${target.includes("contacts") ? "hubspot" : "salesforce"}, ${target}, mode: upsert }
    map:
      ${/key: (\w+)/.exec(target)?.[1]}: id
      ${target.includes("contacts") ? "lastname" : "LastName"}: last
`;
  await using rehearsal = await rehearse(contactsJob(), {
    "inbox/semicolon.csv": "id;last;email\n1;x;y\n",
    "inbox/latin.csv": latin1("id,last\n1,Köster\n2,Müller\n"),
    "inbox/mixed.csv": Buffer.concat([Buffer.from("id,last\n1,Köster\n"), latin1("2,Müller\n")]),
    "inbox/utf8.csv": "id,last\n1,Köster\n",
    "inbox/plain.csv": "id,last\n1,x\n",
    "delimiter.yaml": job("delimiter", "semicolon.csv"),
    "encoding.yaml": job("encoding", "latin.csv"),
    "mixed.yaml": job("mixed", "mixed.csv"),
    "other.yaml": job("other", "utf8.csv", ", format: { encoding: windows-1252 }"),
    "object.yaml": job("object", "plain.csv", "", "object: Contat, key: Ext__c"),
    "unique.yaml": job("unique", "plain.csv", "", "object: contacts, key: vendor_number"),
    "loose.yaml": job("loose", "plain.csv", "", "object: contacts, key: phone"),
  });
  const names = ["delimiter", "encoding", "mixed", "other", "object", "unique", "loose"];
  const { stderr, stdout, code } = await rehearsal.project.run("check", ...names.map((name) => `${name}.yaml`));
  expect(code).toBe(2);
  const said = (name: string) => stderr.split(/^(?=\w+\.yaml:)/m).filter((part) => part.startsWith(`${name}.yaml`));
  const expected: Record<string, [message: string, next: string]> = {
    delimiter: [
      'have one column, "id;last;email": they are separated by ;, the job reads ","',
      'format: { delimiter: ";" }',
    ],
    encoding: ["latin.csv is not in UTF-8, as the job reads it", "format: { encoding: windows-1252 }"],
    object: ["has no object Contat", 'next: did you mean "Contact"?'],
    unique: ["contacts has no field vendor_number", "make it there (an external id, a property with unique values)"],
    loose: ["phone is neither an external id nor unique", "these can: email"],
  };
  for (const [name, [message, next]] of Object.entries(expected)) {
    expect(said(name), name).toHaveLength(1);
    expect(said(name)[0]).toContain(message);
    expect(said(name)[0]).toContain(next);
  }
  // Some rows are rejects, the others are loaded: a warning.
  expect(stdout).toContain("mixed.csv is not in UTF-8, as the job reads it");
  expect(stdout).toContain("utf8.csv is in UTF-8, the job reads it as windows-1252");
});

test("what to run next has the flags that were given, so that it can be pasted", async () => {
  await using rehearsal = await rehearse(contactsJob(), {
    "inbox/contacts.csv": "id,last,email\n1,x,x@mail.example\n2,y,y@mail.example\n",
    "my org.env": "SF_CLIENT_ID=sandbox\n",
    "none.yaml": "x",
  });
  const { project } = rehearsal;
  const plan = await project.run("plan", "job.yaml", "--limit", "1", "--env", "my org.env", "--json");
  expect(plan.summary().next).toBe("loadline run --env 'my org.env' --limit 1 job.yaml");
  expect(plan.summary().streams["contacts"]?.creates).toBe(1);
  const shown = await project.run("plan", "job.yaml", "--limit", "1");
  expect(shown.stdout).toContain("Next: loadline run --limit 1 job.yaml");
  const unstarted = await project.run("run", "gone.yaml", "--sandbox", "--yes", "--json");
  expect(unstarted.summary().next).toBe("loadline check --sandbox gone.yaml");
});

test("a detail without its master, or under another one, is told with what its field needs", async () => {
  const job = (name: string, map: string) => `version: 1
name: ${name}
streams:
  s:
    source: { connection: drop, files: "details.csv" }
    target: { connection: salesforce, object: Detail__c, key: Ext__c, mode: upsert }
    map:
      Ext__c: id
${map}
rejects: { max: 1 }
`;
  const master = (to: "fixed" | "reparentable") => ({ type: "reference", to: "Account", masterDetail: to });
  const key = { type: "string", length: 40, externalId: true, unique: true };
  const objects = {
    salesforce: {
      Account: { fields: { Acc__c: key } },
      Detail__c: { custom: true, fields: { Ext__c: key, Fixed__c: master("fixed"), Loose__c: master("reparentable") } },
    },
  };
  const both = "      Loose__r.Acc__c: loose\n";
  await using rehearsal = await rehearse(
    contactsJob(),
    {
      "inbox/details.csv": "id,fixed,loose\nD-1,A-1,A-1\nD-2,A-1,\n",
      "none.yaml": job("none", "      Loose__r.Acc__c: loose"),
      "by-id.yaml": job("by-id", `${both}      Fixed__c: fixed`),
      "by-key.yaml": job("by-key", `${both}      Fixed__r.Acc__c: fixed`),
      "right.yaml": job("right", `${both}      Fixed__r.Acc__c: { from: fixed, policy: create_only }`),
    },
    objects,
  );
  const { project, sandbox } = rehearsal;
  const { stderr, code } = await project.run("check", "none.yaml", "by-id.yaml", "by-key.yaml", "right.yaml");
  expect(code).toBe(2);
  const said = (name: string) => stderr.split(/^(?=[\w-]+\.yaml:)/m).filter((part) => part.startsWith(`${name}.yaml`));
  expect(said("none")).toHaveLength(1);
  expect(said("none")[0]).toContain("none.yaml:6:47: a new Detail__c must have Fixed__c: it is not in the map");
  expect(said("none")[0]).toContain(
    "add to the map: Fixed__c: <column with the id>, or Fixed__r.<key of Account>: <column>",
  );
  for (const [name, field] of Object.entries({ "by-id": "Fixed__c", "by-key": "Fixed__r.Acc__c" })) {
    expect(said(name)).toHaveLength(1);
    expect(said(name)[0]).toContain(`Detail__c.${field} can't be changed once a record is there`);
    expect(said(name)[0]).toContain("policy: create_only");
  }
  expect(said("right")).toEqual([]);
  for (const number of ["A-1", "A-2"]) await sandbox.api("POST", "sobjects/Account", { Name: number, Acc__c: number });
  // The second row has no master; later the first has two others.
  const first = await project.run("run", "right.yaml", "--json");
  expect(first.summary().streams["s"]).toMatchObject({ creates: 1, loaded: 1, rejected: 1 });
  project.write({ "inbox/details.csv": "id,fixed,loose\nD-1,A-2,A-2\n" });
  const second = await project.run("run", "right.yaml", "--json");
  expect(second.summary().streams["s"]).toMatchObject({ updates: 1, loaded: 1 });
  const accounts = new Map((await sandbox.dump("Account")).map((account) => [account["Acc__c"], account["Id"]]));
  const [detail] = await sandbox.dump("Detail__c");
  expect(detail).toMatchObject({ Fixed__c: accounts.get("A-1"), Loose__c: accounts.get("A-2") });
});
