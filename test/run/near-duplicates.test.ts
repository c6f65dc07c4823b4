// `loadline profile --near-duplicates`: rows that may be of one company, found by names, domain and phone; nothing changes.

import { expect, test } from "vitest";
import { createProject } from "../support/rig.ts";

interface Found {
  files: { name: string; rows: number; columns: Record<string, string | null> }[];
  groups: { score: number; equal: string[]; rows: { file: string; line: number; name: string; score: number }[] }[];
  leftOut: { by: string; value: string; names: number }[];
  notes: string[];
  exitCode: number;
}

const header = "id,Firma,Webseite,Telefon\n";
const records = [
  '1,"ACME, Inc.",https://www.acme.com,+49 30 1234567\n',
  "2,Müller & Söhne GmbH,mueller-soehne.de,\n",
  "3,Acme Incorporated,,\n",
  '4,"Mueler und\nSoehne",http://mueller-soehne.de/x,\n',
  "5,Zeta Logistics,zeta.io,0307654321 ext. 12345678\n",
  "6,Zetta Logistic Ltd,,(+49) 307654321\n",
  "7,Northwind Traders,gmail.com,12\n",
  "8,Southwind Traitors,gmail.com,\n",
  "9,,nobody.example,\n",
  "10,Kontor Weber,no domain,+43 1 5551234\n",
  "11,Apotheke am Markt,weber.at,0043 1 5551234\n",
  "12,Xylophon Werkstatt,,\n",
  "13,Hxylophon Werkstatt,,\n",
  // Alike by a word that is common; what else is known of them differs.
  "14,Tutu Logistik,tutu.example,\n",
  "15,Vutu Logistik,vutu.example,\n",
];

const more = "name,phone\nAcmee Corp,\nMarkthalle Neun,\n";

test("near-duplicates are found with their lines, in any order of the rows, and different names are none", async () => {
  await using project = createProject({
    "connections.yaml": "",
    "a.csv": header + records.join(""),
    "b.csv": header + records.toReversed().join(""),
    "more.csv": more,
  });
  const find = async (...args: string[]) => {
    const run = await project.run("profile", "--near-duplicates", "--json", ...args);
    expect([run.code, run.stderr]).toEqual([0, ""]);
    return JSON.parse(run.stdout) as Found;
  };
  const found = await find("a.csv", "more.csv");
  expect(found.files).toMatchObject([
    { name: "a.csv", rows: 15, columns: { name: "Firma", domain: "Webseite", phone: "Telefon" } },
    { name: "more.csv", rows: 2, columns: { name: "name", domain: null, phone: "phone" } },
  ]);
  const placed = found.groups.map(({ equal, rows }) => [
    equal.join(),
    ...rows.map(({ file, line }) => `${file}:${line}`),
  ]);
  expect(placed).toEqual([
    ["phone", "a.csv:7", "a.csv:8"],
    ["", "a.csv:2", "a.csv:4", "more.csv:2"],
    ["domain", "a.csv:3", "a.csv:5"],
    ["", "a.csv:14", "a.csv:15"],
  ]);
  for (const { score, rows } of found.groups) {
    expect(score).toBeGreaterThanOrEqual(0.9);
    expect(score).toBe(Math.min(...rows.map((row) => row.score)));
  }
  expect(found.groups[1]?.rows.map(({ score }) => score)).toEqual([1, 1, expect.closeTo(0.96, 2)]);
  expect(found.notes).toEqual([
    "1 row without a name: not compared",
    "1 row with what is no domain: compared without it",
    "1 row with a phone number of less than 7 digits: compared without it",
  ]);
  expect([found.leftOut, found.exitCode]).toEqual([[], 0]);

  const names = ({ groups }: Found) =>
    groups.map(({ score, equal, rows }) => [score, equal, rows.map(({ name, score: own }) => [name, own]).sort()]);
  expect(names(await find("more.csv", "b.csv"))).toEqual(names(found));

  const shown = await project.run("profile", "--near-duplicates", "a.csv");
  expect(shown.stdout).toContain("a.csv  15 rows, compared by name: Firma, domain: Webseite, phone: Telefon\n");
  expect(shown.stdout).toMatch(/\n4 groups of near-duplicates, 8 rows\n\n1 {2}1\.000 {2}2 rows\n/);
  expect(project.list(".").filter((name) => name !== "connections.yaml")).toEqual(["a.csv", "b.csv", "more.csv"]);
});

/** Different words, no two of them alike. */
const word = (number: number) =>
  [...number.toString(5).padStart(5, "0")].map((digit, place) => `${"bdfgk"[Number(digit)]}${"aeiou"[place]}`).join("");

test("blocks that are too large are told and left out; equal names are found in them all the same", async () => {
  const rows = Array.from({ length: 2001 }, (_, index) => `${word(index)},same.example\n`);
  const named = Array.from({ length: 2001 }, (_, index) => `Consulting Partner ${word(index)},\n`);
  await using project = createProject({
    "connections.yaml": "",
    "many.csv": `account,domain\n${[...rows, ...named, `${word(7)} GmbH,\n`].join("")}`,
  });
  const run = await project.run("profile", "many.csv", "--near-duplicates", "--json");
  const found = JSON.parse(run.stdout) as Found;
  expect(found.leftOut).toEqual([
    { by: "domain", value: "same.example", names: 2001 },
    { by: "beginning", value: "consultingpa", names: 2001 },
  ]);
  expect(found.notes).toContainEqual(expect.stringContaining("share 4 letters at their beginning"));
  const withLast = found.groups.find(({ rows }) => rows.some(({ line }) => line === 4004));
  for (const line of [9, 4004]) expect(withLast?.rows).toContainEqual(expect.objectContaining({ line, score: 1 }));
  const shown = await project.run("profile", "many.csv", "--near-duplicates");
  expect(shown.stdout).toContain(
    "! left out: 2,001 names with the domain same.example, too many to compare for that\n",
  );
});

test("columns that are not there, and flags that would change nothing, are refused by name", async () => {
  await using project = createProject({ "connections.yaml": "", "a.csv": "id,title\n1,x\n", "c.csv": more });
  const refusals: [string[], string][] = [
    [["a.csv", "--near-duplicates"], "no column of a.csv is called like one of names"],
    [["a.csv", "--near-duplicates"], "columns: id, title"],
    [["c.csv", "--near-duplicates", "--name", "nam"], "c.csv has no column nam; did you mean name?"],
    [["c.csv", "--near-duplicates", "--domain", "web"], "columns: name, phone"],
    [["c.csv", "--name", "name"], "next: add --near-duplicates"],
    [["c.csv", "--near-duplicates", "--sandbox"], "--near-duplicates reads files"],
    [["c.csv", "c.csv", "--near-duplicates"], "c.csv is named twice"],
    [["salesforce", "Account", "--near-duplicates"], "not objects of a connection"],
  ];
  for (const [args, said] of refusals) {
    const refused = await project.run("profile", ...args);
    expect([args, refused.code, refused.stderr]).toEqual([args, 2, expect.stringContaining(said)]);
  }
  expect((await project.run("profile", "a.csv", "--near-duplicates", "--name", "title")).stdout).toContain(
    "no near-duplicates",
  );
});
