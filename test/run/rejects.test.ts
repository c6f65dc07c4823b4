// Rows that were not loaded, as a loop: listed, exported, mended, loaded once, or dropped.

import { expect, test } from "vitest";
import { type Rehearsal, rehearse } from "./support.ts";

const job = `version: 1
name: loop
streams:
  contacts:
    source: { connection: drop, files: "*.csv", format: { type: csv, delimiter: ";" }, after: { move: done } }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: upsert }
    map: { Ext__c: id, LastName: last, Email: email, Phone: phone }
    validate: [ { expr: "Phone <> 'bad'", message: "the phone is bad" } ]
redact: [Phone]
rejects: { max: 100% }
`;

const rows =
  "id;last;email;phone\n1;One;1@x.de;11\n2;;2@x.de;22\n3;Three;no address;33\n4;Four;4@x.de;bad\n5;Five;5@x.de;55\n";

async function loaded(): Promise<{ place: Rehearsal; run: string }> {
  const place = await rehearse(job, { "inbox/a.csv": rows });
  const done = await place.project.run("run", "job.yaml", "--json");
  expect(done.code, done.stderr).toBe(0);
  expect(done.summary().streams["contacts"]).toMatchObject({ rejected: 3, loaded: 2 });
  return { place, run: done.summary().run ?? "" };
}

test("rejects are listed by reason, exported in the source's dialect, mended, and each loaded once", async () => {
  const { place, run } = await loaded();
  await using _ = place;
  const { project } = place;
  const list = await project.run("rejects", run, "--json");
  expect(list.code, list.stderr).toBe(0);
  const { streams, next } = JSON.parse(list.stdout) as {
    streams: Record<string, { open: number; reasons: object[] }>;
    next: string;
  };
  expect(streams["contacts"]).toMatchObject({ open: 3, retried: 0, dropped: 0 });
  expect(streams["contacts"]?.reasons).toHaveLength(3);
  expect(next).toBe(`loadline rejects ${run} --export rejects.csv`);
  const text = await project.run("rejects", "latest");
  expect(text.stdout).toMatch(/contacts {2}3 rows open/);
  expect(text.stdout).toMatch(/1 {2}rejects {2}LastName {2}required/);
  const out = await project.run("rejects", run, "--export", "mend.csv", "--bom", "--json");
  expect(out.code, out.stderr).toBe(0);
  const told = { run, stream: "contacts", rows: 3, next: `loadline rejects ${run} --retry mend.csv` };
  expect(JSON.parse(out.stdout)).toMatchObject(told);
  expect(out.stderr).toContain("real values, also of fields under redact");
  const exported = project.read("mend.csv");
  expect(
    exported.startsWith(
      "\ufeffid;last;email;phone;loadline_error;loadline_field;loadline_line;loadline_file;loadline_row\n",
    ),
  ).toBe(true);
  expect(exported).toContain(`${run}/contacts/r1`);
  expect((await project.run("rejects", run, "--export", "mend.csv")).code).toBe(2);
  // Two are mended, one is still wrong; a person has put a row in twice.
  const mended = exported.replace("2;;", "2;Two;").replace("no address", "3@x.de");
  const lines = mended.trimEnd().split("\n");
  project.write({ "mend.csv": [...lines, lines[1]].join("\n") });
  const again = await project.run("rejects", run, "--retry", "mend.csv", "--json");
  expect(again.code, again.stderr).toBe(0);
  expect(again.stderr).toContain(
    "contacts: 1 line of rows that stand there twice: left out, the first line of each counts",
  );
  expect(again.summary().streams["contacts"]).toMatchObject({ extracted: 3, rejected: 1, creates: 2, loaded: 2 });
  expect([...(await place.contacts()).keys()].sort()).toEqual(["1", "2", "3", "5"]);
  // Its rows are those of the second run now, also where it is killed and asked once more.
  const twice = await project.run("rejects", run, "--retry", "mend.csv", "--json");
  expect(twice.summary().streams["contacts"]).toMatchObject({ extracted: 0, loaded: 0 });
  const over = JSON.parse((await project.run("rejects", "--job", "loop", "--json")).stdout) as { runs: object[] };
  const second = again.summary().run;
  expect(over.runs).toMatchObject([{ run: second, tries: 2, streams: { contacts: { open: 1 } } }]);
  const dropped = await project.run("rejects", second ?? "", "--drop", "--reason", "a test row of the vendor");
  expect(dropped.stdout).toContain("1 row dropped: a test row of the vendor");
  expect((await project.run("rejects", "--job", "loop")).stdout).toContain("No row of job loop is open.");
});

test("what is no such row, no such file, or not asked for in full is refused by name", async () => {
  const { place, run } = await loaded();
  await using _ = place;
  const { project } = place;
  const refused = async (says: string | RegExp, ...args: string[]) => {
    const done = await project.run("rejects", ...args);
    expect(done.code, `${args.join(" ")}: ${done.stderr}`).toBe(2);
    expect(done.stderr).toMatch(says);
    expect(done.stderr).not.toMatch(/\n\s+at /);
  };
  await refused("whose rejects?");
  await refused("--drop ends rows for good", run, "--drop");
  await refused("there is no file none.csv", run, "--retry", "none.csv");
  await refused("has left no row of a stream accounts", run, "--stream", "accounts");
  project.write({ "a.csv": "id;last\n1;x\n", "b.csv": `id;last;loadline_row\n1;x;other-run/contacts/r1\n` });
  await refused("a.csv has no column loadline_row", run, "--retry", "a.csv");
  await refused("this row is none that run", run, "--retry", "b.csv");
  expect(await place.sandbox.dump("Contact")).toHaveLength(2);
  const plan = await project.run("plan", "job.yaml", "--json");
  await refused("is a plan: it has loaded nothing", plan.summary().run ?? "");
});

test("records of an API and conflicts are loaded again as they were", async () => {
  const source = `version: 1
name: api
streams:
  contacts:
    source: { connection: salesforce, object: Contact, incremental: { overlap: 0s } }
    target: { connection: hubspot, object: contacts, key: email, mode: upsert }
    map: { email: Email, lastname: LastName, phone: Phone }
    validate: [ { field: phone, required: true } ]
rejects: { max: 100% }
`;
  await using place = await rehearse(source, {});
  const { sandbox, project } = place;
  await sandbox.api("POST", "sobjects/Contact", { LastName: "One", Email: "1@x.de", Phone: "11" });
  await sandbox.api("POST", "sobjects/Contact", { LastName: "Two", Email: "2@x.de" });
  const done = await project.run("run", "job.yaml", "--json");
  expect(done.summary().streams["contacts"]).toMatchObject({ rejected: 1, loaded: 1 });
  const run = done.summary().run ?? "";
  await project.run("rejects", run, "--export", "mend.csv");
  const [header = "", row = ""] = project.read("mend.csv").trimEnd().split("\n");
  const at = header.split(",").indexOf("Phone");
  const cells = row.split(",");
  cells[at] = "22";
  project.write({ "mend.csv": `${header}\n${cells.join(",")}\n` });
  const again = await project.run("rejects", run, "--retry", "mend.csv", "--json");
  expect(again.code, again.stderr).toBe(0);
  expect(again.summary().streams["contacts"]).toMatchObject({ extracted: 1, creates: 1, loaded: 1, watermark: null });
  const phones = (await sandbox.dumpHubSpot("contacts")).map(({ properties }) => properties["phone"]).sort();
  expect(phones).toEqual(["11", "22"]);
});
