// Functions that are computed in JavaScript, through the program as it is installed: values are stored, what is refused is a
// reject with its reason, and what is never shown is not in it.

import { expect, test } from "vitest";
import { createProject } from "../support/rig.ts";
import { contactsJob, rehearse } from "./support.ts";

test("phones, countries and codes are read; a row that is refused says why, one under redact what it looks like", async () => {
  const map = [
    "Ext__c: id",
    "LastName: last",
    "Phone: phone(tel, land)",
    "MailingCountry: country_name(land)",
    "Department: currency(money, land)",
    "Birthdate: parse_date(born, ['%Y%m%d', 'excel'])",
  ].map((line) => `      ${line}`);
  const rows = [
    "1,Adams,030 / 901820,Deutschland,€,46084",
    "2,Brown,(202) 224-3121,USA,$,19801231",
    "3,Clark,030 901820 / 030 901821,DE,EUR,60",
    "4,Davis,,Korea,,0",
    "5,Evans,,,,",
    "6,Frank,202 224 3121 x7,US,USD,46084.5",
  ];
  const csv = `id,last,tel,land,money,born\n${rows.join("\n")}\n`;
  const job = (top = "") => contactsJob({ map: map.join("\n"), ...(top === "" ? {} : { top }) });
  await using place = await rehearse(job(), { "inbox/contacts.csv": csv, "hidden.yaml": job("redact: [Phone]") });
  const hidden = (await place.project.run("plan", "hidden.yaml", "--json")).summary();
  const said = (run: unknown) => place.project.read(`.loadline/runs/${run}/rejects/contacts.csv`);
  expect(said(hidden.run)).toContain("tel (hidden) (18 digits, 4 blanks, 1 other character)");
  expect(said(hidden.run)).not.toContain("two numbers");

  const done = (await place.project.run("run", "job.yaml", "--json")).summary();
  expect(done.streams["contacts"]).toMatchObject({ extracted: 6, rejected: 3, loaded: 3 });
  const rejects = said(done.run);
  expect(rejects).toContain("by phone(tel, land): it may be two numbers; phone takes one number of a country's");
  expect(rejects).toContain("by country_name(land): it may be KR or KP; country_name takes");
  expect(rejects).toContain("it has an extension, which E.164 has no place for");
  const of = (day: string) => `by parse_date(born, ['%Y%m%d', 'excel']): ${day}; parse_date takes`;
  expect(rejects).toContain(of("60 is 29 February 1900 in Excel, a day that never was"));
  expect(rejects).toContain(of("0 is 0 January 1900 in Excel: no day, or a time of day alone"));
  expect(rejects).toContain(of("it has a time of day, which a date would lose"));
  const contacts = await place.contacts();
  expect(contacts.get("1")).toMatchObject({ Phone: "+4930901820", MailingCountry: "Germany", Department: "EUR" });
  expect(contacts.get("2")).toMatchObject({
    Phone: "+12022243121",
    MailingCountry: "United States",
    Department: "USD",
  });
  expect(contacts.get("5")).toMatchObject({ Phone: null, MailingCountry: null });
});

test("a usual slip in the domain of an address is a warning: the row loads, and the address stays as it is", async () => {
  const map = ["Ext__c: id", "LastName: last", "Email: mail.email()", "Description: domain(email(mail))"];
  const job = (top = "") =>
    contactsJob({ map: map.map((line) => `      ${line}`).join("\n"), ...(top === "" ? {} : { top }) });
  const rows = [
    "1,A,Ann <ANN@Gmial.com>",
    "2,B,ann@gmail.com",
    "3,C,ann@gmx.com",
    "4,D,ann@acme.con",
    "5,E,",
    "6,F,ann@",
  ];
  const files = { "inbox/contacts.csv": `id,last,mail\n${rows.join("\n")}\n`, "hidden.yaml": job("redact: [Email]") };
  await using place = await rehearse(job(), files);
  const { project } = place;
  const done = (await project.run("run", "job.yaml", "--json")).summary();
  const told = (given: string, meant: string) =>
    `contacts.csv, line ${given === "gmial.com" ? 2 : 5}: "ann@${given}" may be meant for "${meant}": a usual slip in its domain`;
  expect(done.streams["contacts"]).toMatchObject({
    rejected: 1,
    loaded: 5,
    warnings: [{ field: "Email", rule: "email", count: 2, example: told("gmial.com", "gmail.com") }],
  });
  expect((await place.contacts()).get("1")).toMatchObject({ Email: "ann@gmial.com", Description: "gmial.com" });
  const preview = await project.run("preview", "job.yaml");
  expect(preview.stdout).toContain('"ann@acme.con" may be meant for "acme.com"');
  const hidden = await project.run("preview", "hidden.yaml", "--json");
  expect(hidden.stdout).toContain("•••: a usual slip in its domain");
  expect(hidden.stdout).not.toContain("may be meant for");
});

test("what is computed and has no text is a reject by name, whatever the field", async () => {
  const map = [
    "id: id",
    "share: CAST(n AS DOUBLE) / CAST(d AS DOUBLE)",
    "day: CASE WHEN d = '0' THEN DATE 'infinity' ELSE make_date(CAST(n AS INTEGER), 1, 1) END",
    "at: CAST(make_date(CAST(n AS INTEGER), 1, 1) AS TIMESTAMP)",
    "sign: chr(CAST(d AS INTEGER))",
    "left: CAST(n AS INTEGER) % CAST(d AS INTEGER)",
  ];
  const job = (lines: readonly string[]) => `version: 1
name: signs
streams:
  signs:
    source: { connection: drop, files: signs.csv }
    target: { connection: drop, files: out.csv, mode: replace }
    map: { ${lines.map((line) => line.replace(": ", ': "')).join('", ')}" }
rejects: { max: 3 }
`;
  await using project = createProject({
    "connections.yaml": "version: 1\nconnections:\n  drop: { type: file, path: . }\n",
    "job.yaml": job(map),
    "bytes.yaml": job(["id: unhex(id)"]),
    "signs.csv": "id,n,d\n1,7,0\n2,7,65\n3,0,65\n",
  });
  const done = (await project.run("run", "job.yaml", "--json")).summary();
  expect(done.streams["signs"]).toMatchObject({ extracted: 3, rejected: 2, loaded: 1 });
  const rejects = project.read(`.loadline/runs/${done.run}/rejects/signs.csv`);
  for (const said of [
    'share: ""inf"" is not a finite number',
    'day: ""infinity"" is not of the years 1 to 9999',
    'at: ""0001-01-01 (BC)',
    'sign: ""\u2400"" has a NUL character',
    "by CAST(n AS INTEGER) % CAST(d AS INTEGER); mod takes a number b that is not 0",
  ])
    expect(rejects).toContain(said);
  expect(project.read("out.csv")).toMatch(
    /^id,share,day,at,sign,left\n2,0\.10\d+,0007-01-01,0007-01-01T00:00:00,A,7\n$/,
  );
  expect((await project.run("check", "bytes.yaml")).stderr).toContain("the expression gives bytes (BLOB)");
});

// As they are written, none of them would be bound within a minute.
test("calls four deep are computed wherever an expression stands, and what fails in them is told of its row", async () => {
  const deep = (name: string) => `truncate(proper(collapse_spaces(split_name(trim(${name})).first)), 20)`;
  const job = contactsJob({
    source: `, keep: "${deep("who")} <> 'Gone'"`,
    target: `, where: "${deep("LastName")} <> 'Barred'"`,
    map: `
      Ext__c: id
      LastName: who
      FirstName: "coalesce(${deep("who")}, 'none')"
      Description: "CAST(length(${deep("who")}) AS INTEGER)"
      Phone: phone(collapse_spaces(trim(tel)), 'DE')
      Title: { lookup: { file: names.csv, key: name, value: title, from: "${deep("who")}", where: "${deep("person")} <> 'Eve'", miss: default, default: None } }`,
    stream: `
    validate:
      - { expr: "${deep("LastName")} <> 'Dan'", message: no Dan }
      - { over: run, expr: "count(*) FILTER (WHERE ${deep("LastName")} = 'Ann') = 1" }
      - { field: FirstName, exists: { lookup: { file: names.csv, key: name, from: "${deep("LastName")}" } }, severity: warn }`,
  });
  const rows = ["1,ann lee,", "2,gone x,", "3,DAN x,", "4,eve x,", "5,Ann & Bob,", "6,Ann Ray,030 901820 / 030 901821"];
  await using place = await rehearse(job, {
    "inbox/contacts.csv": `id,who,tel\n${rows.join("\n")}\n`,
    "names.csv": "name,title,person\nAnn,Dr.,ann lee\nEve,Prof.,eve lee\n",
  });
  const done = (await place.project.run("run", "job.yaml", "--json")).summary();
  expect(done.streams["contacts"]).toMatchObject({ extracted: 6, rejected: 3, loaded: 2 });
  const rejects = place.project.read(`.loadline/runs/${done.run}/rejects/contacts.csv`);
  expect(rejects).toContain("no Dan");
  expect(rejects).toContain("source.keep can't be computed");
  expect(rejects).toContain("by phone(collapse_spaces(trim(tel)), 'DE'): it may be two numbers");
  const contacts = await place.contacts();
  expect(contacts.get("1")).toMatchObject({ FirstName: "Ann", Title: "Dr.", Description: "3" });
  expect(contacts.get("4")).toMatchObject({ FirstName: "Eve", Title: "None" });
});
