// What comes back of an export: from people, and from their spreadsheets.

import { describe, expect, test } from "vitest";
import { changedByItself, withBreaksOf } from "../../src/pipeline/extract/spreadsheet-changes.ts";
import { createProject } from "../support/rig.ts";
import { rehearse } from "./support.ts";

const job = `version: 1
name: mended
streams:
  contacts:
    source: { connection: drop, files: "*.csv", after: { move: done } }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: upsert }
    map: { Ext__c: id, LastName: last, Email: email, Description: note }
rejects: { max: 100% }
`;

const rows = 'id,last,email,note\n0007,,7@x.de,"a, ""b""\nc"\n0008,,8@x.de,=1+1\n0009,,9@x.de,\n0006,,,\n';

test("rows come back in another order of columns, by another delimiter, with CRLF, empty lines and a mark, and each goes in once", async () => {
  await using place = await rehearse(job, { "inbox/a.csv": rows });
  const { project } = place;
  const first = (await project.run("run", "job.yaml", "--json")).summary().run ?? "";
  await project.run("rejects", first, "--export", "out.csv");
  const exported = project.read("out.csv");
  const id = (number: number) => `${first}/contacts/r${number}`;
  const header = "loadline_row;email;last;note;loadline_error;id;loadline_field;loadline_line;loadline_file;mine";
  const twice = `${id(1)};7@x.de;Twice;"a, ""b""\nc";why;0007;LastName;2;;x`;
  const lines = [
    header,
    `${id(1)};7@x.de;Seven;"a, ""b""\nc";why;0007;LastName;2;;x`,
    ";;;;;;;;;",
    `${id(3)};9@x.de;"Ni;ne";;;0010;;;;`,
    "",
    `${id(4)};;;;;0006;;;;`,
    twice,
    "",
  ];
  const retry = async (text: string | Uint8Array, name = "back.csv") => {
    project.write({ [name]: text });
    return project.run("rejects", first, "--retry", name, "--json");
  };
  const back = await retry(`\ufeff${lines.join("\r\n")}\r\n`);
  expect(back.code, back.stderr).toBe(0);
  expect(back.stderr.replaceAll(/\s+/g, " ")).toContain(
    "columns of back.csv that the source does not have are left out: mine",
  );
  expect(back.stderr.replaceAll(/\s+/g, " ")).toContain("1 line of rows that stand there twice: left out");
  expect(back.stderr).not.toContain("taken up or dropped before");
  expect(back.summary().streams["contacts"]).toMatchObject({ extracted: 3, rejected: 1, creates: 2, loaded: 2 });
  // Of the file that was mended, whose values may have lines of their own.
  expect(back.summary().streams["contacts"]?.rejectReasons[0]?.example).toMatch(/^back\.csv, line 7: /);
  const contacts = await place.contacts();
  expect(contacts.get("0007")).toMatchObject({ LastName: "Seven", Description: 'a, "b"\nc' });
  // A mended key is a mended key; the line that was left out is open.
  expect(contacts.get("0010")).toMatchObject({ LastName: "Ni;ne" });
  // The same rows from another folder, with another key, or as they were.
  const again = await retry(lines.join("\n").replace("0010", "0011"), "elsewhere/back.csv");
  expect(again.summary().streams["contacts"]).toMatchObject({ extracted: 0, loaded: 0 });
  expect(again.stderr.replaceAll(/\s+/g, " ")).toContain(`see loadline rejects ${back.summary().run}`);
  const rest = await retry(exported.replace("0008,,", "0008,Eight,"));
  expect(rest.summary().streams["contacts"]).toMatchObject({ extracted: 1, creates: 1, loaded: 1 });
  expect((await place.contacts()).get("0008")).toMatchObject({ Description: "=1+1" });
  expect(await place.sandbox.dump("Contact")).toHaveLength(3);
});

test("what is no such row, lacks a column or was changed by a spreadsheet is refused by name, and nothing is written", async () => {
  await using place = await rehearse(job, { "inbox/a.csv": rows });
  const { project } = place;
  const first = (await project.run("run", "job.yaml", "--json")).summary().run ?? "";
  await project.run("rejects", first, "--export", "out.csv");
  const exported = project.read("out.csv").replace("0009,,", "0009,Nine,");
  const refused = async (says: string | RegExp, text: string | Uint8Array) => {
    project.write({ "back.csv": text });
    const done = await project.run("rejects", first, "--retry", "back.csv");
    expect(done.code, done.stderr).toBe(2);
    expect(done.stderr.replaceAll(/\s+/g, " ")).toMatch(says);
  };
  const row = `this row is none that run ${first} did not load`;
  await refused(row, exported.replace(`${first}/contacts/r3`, `${first}/contacts/r33`));
  await refused(row, exported.replace(`${first}/contacts/r3`, `${first}/accounts/r3`));
  await refused(row, exported.replace(`${first}/contacts/r3`, `${first}/contacts/u1`));
  await refused(row, exported.replace(`${first}/contacts/r3`, ""));
  await refused(row, exported.replaceAll(first, first.replace("mended", "other")));
  await refused(row, `${exported}new,N,n@x.de,,,,,,\n`);
  await refused(/has no column email.*e-mail may be it/, exported.replace("email", "e-mail"));
  await refused("has two columns id", exported.replace("email", "id"));
  await refused("is not in UTF-8", Buffer.from(exported.replace("Nine", "Nüne"), "latin1"));
  await refused("is not in UTF-8", Buffer.from(`\ufeff${exported}`, "utf16le"));
  await refused("can't be read as CSV", `${exported}1,2\n`);
  await refused(/can't be read as CSV why: Quote Not Closed/, `${exported}"1,2\n`);
  const shortened = exported.replace("0009", "9");
  await refused(/column id is not as it was exported: its leading zeros are gone.*write !meant into its/, shortened);
  // As what was exported of a field that is called so.
  await refused(/its leading zeros are gone/, shortened.replace(/^(9,.*),LastName,/m, "$1,meant,"));
  expect(await place.sandbox.dump("Contact")).toEqual([]);
  // What was refused is no run that left rows.
  const latest = JSON.parse((await project.run("rejects", "latest", "--json")).stdout) as { run: string };
  expect(latest.run).toBe(first);
  const [newest] = JSON.parse((await project.run("runs", "--json")).stdout) as { next: string }[];
  expect(newest?.next).toBe(`loadline rejects ${first} --retry back.csv`);
  // Whoever means the value says so, in the row.
  project.write({ "back.csv": shortened.replace(/^(9,.*),LastName,/m, "$1,!meant,") });
  const meant = await project.run("rejects", first, "--retry", "back.csv", "--json");
  expect(meant.summary().streams["contacts"], meant.stderr).toMatchObject({ creates: 1, loaded: 1 });
  expect((await place.contacts()).get("9")).toMatchObject({ LastName: "Nine" });
});

test("a file that is written whole is not written with the mended rows alone; what is mended is taken cell by cell", async () => {
  const job = (people: string, isMended: boolean) => `version: 1
name: whole
streams:
  people:
    source: { connection: drop, files: "*.csv", after: { move: done } }
    target: { connection: out, files: "${people}" }
    map: { Id: id, Name: { from: last, on_null: reject }, Note: note, Was: loadline_error, Row: loadline_row }
  notes:
    source: { connection: drop, files: "*.jsonl", format: { type: jsonl }, after: { move: done } }
    target: { connection: out, files: "notes-{run}.csv" }
    map: { Id: id, Note: "CASE WHEN note IS NULL THEN 'none' ELSE note END"${isMended ? "" : ", By: { from: owner, on_null: reject }"} }
rejects: { max: 100% }
`;
  await using project = createProject({
    "connections.yaml":
      "version: 1\nconnections:\n  drop: { type: file, path: ./inbox }\n  out: { type: file, path: ./out }\n",
    "job.yaml": job("people.csv", false),
    // Rows that went out and came back, as they are in an export of another time.
    "inbox/a.csv": 'id,last,note,loadline_error,loadline_row\n1,A,,,\n2,,"a\nb",seen,r7\n3,C,moved, by a comma,,\n',
    "inbox/n.jsonl": '{"id":1,"note":null,"owner":null}\n',
  });
  const retry = async (...args: string[]) => {
    const done = await project.run("rejects", id, "--retry", ...args, "--json");
    return { ...done, told: done.stderr.replaceAll(/\s+/g, " ") };
  };
  const first = await project.run("run", "job.yaml", "--json");
  expect(first.code, first.stderr).toBe(0);
  const id = first.summary().run ?? "";
  const listed = await project.run("rejects", id, "--json");
  expect(JSON.parse(listed.stdout).next).toBe(`loadline rejects ${id} --stream notes --export rejects.csv`);
  const exported = await project.run("rejects", id, "--stream", "people", "--export", "back.csv");
  expect(exported.stderr.replaceAll(/\s+/g, " ")).toContain("stay as they are: loadline_error, loadline_row");
  // An editor that has line ends of its own gives them to all of the file.
  const mended = project.read("back.csv").replace("2,,", "2,B,").replaceAll("\n", "\r\n");
  project.write({ "back.csv": mended });
  const refused = await retry("back.csv");
  expect(refused.code).toBe(2);
  expect(refused.told).toContain("mode replace writes people.csv whole");
  expect(project.read("out/people.csv")).toBe('Id,Name,Note,Was,Row\n1,A,"","",""\n');
  project.write({ "job.yaml": job("people-{run}.csv", true) });
  const done = await retry("back.csv");
  expect(done.code, done.stderr).toBe(0);
  expect(done.stderr).not.toContain("has kept");
  // Nobody has looked at the record whose cells are not where they belong.
  expect(done.told).toContain("1 row that could not be read as a record, and nobody has mended: left open");
  expect(project.read(`out/people-${done.summary().run}.csv`)).toBe('Id,Name,Note,Was,Row\n2,B,"a\nb",seen,r7\n');
  const asItWas = await retry();
  expect(asItWas.told).toContain("nobody has mended: left open");
  // Nothing at all in JSON is no empty text, in an export neither.
  expect(project.read(`out/notes-${asItWas.summary().run}.csv`)).toBe("Id,Note\n1,none\n");
  project.write({ "back.csv": mended.replace(",(record),", ",,") });
  // As earlier versions left it: a blank field says nothing there.
  const rejects = `.loadline/runs/${id}/rejects/people.csv`;
  const kept = project.read(rejects);
  project.write({ [rejects]: kept.replace("(record)", "") });
  expect((await retry("back.csv")).told).toContain("1 row of which the run does not tell whether it is a record");
  project.write({ [rejects]: kept });
  const cleared = await retry("back.csv");
  expect(cleared.told).not.toContain("could not be read");
  expect(project.read(`out/people-${cleared.summary().run}.csv`)).toContain("\n3,C,moved, by a comma");
});

describe("what a spreadsheet does by itself", () => {
  test.each([
    ["0012", "12", "its leading zeros are gone"],
    ["000", "0", "its leading zeros are gone"],
    ["+4930123", "4930123", "its leading + is gone"],
    ["123456789012345", "1.23457E+14", "its digits were shortened to a power of ten"],
    ["4012345678901", "4,01235E+12", "its digits were shortened to a power of ten"],
    ["1234567890123456789", "1234567890123450000", "its last digits became zeros"],
    ["1.50", "1.5", "its last zeros are gone"],
    ["10,00", "10", "its last zeros are gone"],
    ["2026-01-31", "31.01.2026", "a date was written in another form"],
    ["2026-01-31", "1/31/26", "a date was written in another form"],
    ["01.02.2026", "2026-02-01", "a date was written in another form"],
    ["2026-01-31 08:00:00", "31.01.2026 08:00", "a date was written in another form"],
    ["1-2", "02. Jan", "it was taken for a date"],
    ["1.5", "01. Mai", "it was taken for a date"],
    ["MAR1", "1-Mar", "it was taken for a date"],
    ["8:00", "08:00:00", "a time was written in another form"],
    ["true", "WAHR", "it was taken for true or false"],
    ["12E4", "1.20E+05", "its digits were shortened to a power of ten"],
    ["12E4", "120000", "it was taken for a power of ten"],
    ["=1+1", "2", "it was taken for a formula"],
    ["-x", "#NAME?", "a formula failed"],
    ["x".repeat(40_000), "x".repeat(32_767), "it was cut off"],
  ])("%s → %s: %s", (before, after, why) => expect(changedByItself(before, after)).toBe(why));

  test.each([
    ["0012", "0013"],
    ["12", "012"],
    ["0012", ""],
    ["a@", "a@x.de"],
    ["1.50", "1.55"],
    ["100", "1"],
    ["2026-01-31", "2026-01-30"],
    ["31.02.2026", "28.02.2026"],
    ["31.02.2026", "2026-02-28"],
    ["1.2.3", "1.2.4"],
    ["1,5", "1.5"],
    ["1-2", "3"],
    ["12E4", "12E5"],
    ["true", "no"],
    ["#1", "#2"],
    ["=A", "A"],
    ["ABC-12", "ABC-13"],
    ["SKU-100", "SKU-101"],
    ["Haus 12", "Haus 14"],
    ["Jan 24", "Mar 25"],
    ["12-34", "Box 12"],
    ["TRUE", "FALSE"],
    ["false", "WAHR"],
    ["1E4", "2E4"],
  ])("%s → %s is for a person to say", (before, after) => expect(changedByItself(before, after)).toBeUndefined());

  test.each([
    ["a\nb", "a\r\nb", "a\nb"],
    ["a\r\nb", "a\nb", "a\r\nb"],
    ["a\nb", "a\r\nc\r\n", "a\nc\n"],
    ["a\r\nb", "a\r\nc", "a\r\nc"],
    ["", "a\r\nb", "a\nb"],
  ])("%j that came back as %j is %j", (before, after, taken) => expect(withBreaksOf(before, after)).toBe(taken));
});
