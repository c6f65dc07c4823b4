// Files of other formats through the real program: what lies in an archive, in another encoding or between other lines
// is loaded as plain CSV is, and each reject tells the line of the file as it was received.

import { readFileSync } from "node:fs";
import { zstdCompressSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import iconv from "iconv-lite";
import { describe, expect, test } from "vitest";
import { createProject } from "../support/rig.ts";
import { zipOf } from "../support/zip.ts";
import { contactsJob, rehearse } from "./support.ts";

const parts = (format: string) =>
  contactsJob({ source: `, format: ${format}` }).replace('files: "contacts*.csv"', 'files: "contacts*"');

test("rejects of loadline and of the org carry the lines of the file as received", async () => {
  const text =
    "Export of 2026\n\nid;last;email\n# by hand\n1;Müller;no(address)\n2;?;b@x.com\n3;Brown;c@x.com;x\n4;Clärk;d@x.com\nrows: 4\n";
  const bytes = Buffer.from(iconv.encode(text, "windows-1252"));
  bytes[bytes.indexOf("?")] = 0x81;
  const format = `{ delimiter: ";", encoding: windows-1252, skip_lines: 1, comment: "#", footer_lines: 1 }`;
  await using place = await rehearse(parts(format), { "inbox/contacts.txt": bytes });
  const run = await place.project.run("run", "job.yaml", "--json");
  expect(run.summary().streams["contacts"]).toMatchObject({
    extracted: 4,
    rejected: 2,
    creates: 2,
    loaded: 1,
    failed: 1,
  });
  expect((await place.contacts()).get("4")?.["LastName"]).toBe("Clärk");
  const [folder = ""] = place.project.list(".loadline/runs");
  const rejects = place.project.read(`.loadline/runs/${folder}/rejects/contacts.csv`).split("\n");
  expect(rejects.slice(1)).toEqual([
    "2,\ufffd,b@x.com,not valid windows-1252,(record),6",
    '3,Brown,c@x.com,"4 cells, the header has 3; further cells: x",(record),7',
    expect.stringMatching(/^1,Müller,no\(address\),INVALID_EMAIL_ADDRESS.*,Email,5$/),
    "",
  ]);
  expect(place.project.list(`.loadline/runs/${folder}/extract/contacts`)).toEqual(["part-00001.csv"]);
});

const records = [
  { id: "007", last: "Müller", email: "a@x.com" },
  { id: "2", last: 'say "hi", {x}', email: "" },
];
const asXml = records
  .map(({ id, last, email }) => `<c><id>${id}</id><last>${last}</last><email>${email}</email></c>`)
  .join("\n");

const asCsv = `id,last,email\n007,Müller,a@x.com\n2,"say ""hi"", {x}",\n`;

test.each([
  ["contacts.csv", "{}", asCsv],
  ["contacts.csv.zst", "{}", zstdCompressSync(asCsv)],
  ["contacts.json", "{ type: json, records: /data }", JSON.stringify({ n: 2, data: records }, null, 2)],
  ["contacts.jsonl", "{ type: jsonl }", records.map((record) => JSON.stringify(record)).join("\n")],
  ["contacts.xml", "{ type: xml, records: /all/c }", `<all>${asXml}</all>`],
])("%s passes check and gives the records of plain CSV", async (name, format, content) => {
  await using project = createProject({
    "connections.yaml":
      "version: 1\nconnections:\n  drop: { type: file, path: ./inbox }\n  out: { type: file, path: ./out }\n",
    "job.yaml": `version: 1
name: formats
streams:
  contacts:
    source: { connection: drop, files: "contacts*", format: ${format} }
    target: { connection: out, files: out.csv }
    map: { id: id, last: last, email: email }
`,
    [`inbox/${name}`]: content,
  });
  expect(await project.run("check", "job.yaml")).toMatchObject({ code: 0 });
  expect(await project.run("run", "job.yaml")).toMatchObject({ code: 0 });
  expect(project.read("out/out.csv")).toBe(asCsv.replace(/,\n$/, ',""\n'));
});

test("a zip is several files; killed after it was unpacked, a run goes on with the same ones", async () => {
  await using place = await rehearse(parts("{}"), {
    "inbox/contacts.zip": zipOf({
      "b.csv": "id,last,email\n2,Brown,b@x.com\n3\n",
      "a.csv": "id,last,email\n1,Adams,a@x.com\n",
    }),
  });
  const killed = place.project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "staged:1" } });
  expect((await killed.finished).signal).toBe("SIGKILL");
  const resumed = await place.project.run("resume", "--json");
  expect(resumed.summary().streams["contacts"]).toMatchObject({ extracted: 3, rejected: 1, loaded: 2 });
  const [folder = ""] = place.project.list(".loadline/runs");
  expect(place.project.list(`.loadline/runs/${folder}/extract/contacts`)).toEqual([
    "part-00001-001.csv",
    "part-00001-002.csv",
    "part-00001.csv.zip",
  ]);
  expect(place.project.read(`.loadline/runs/${folder}/rejects/contacts.csv`)).toContain(
    '"1 cell, the header has 3",(record),3,contacts.zip/b.csv',
  );
});

test.each([
  ["contacts.csv", (text: string) => text],
  ["contacts.zip", (text: string) => zipOf({ "contacts.csv": text })],
  ["contacts.csv.zst", (text: string) => zstdCompressSync(text)],
])("text that strict readers take otherwise is rejected in %s as in plain CSV", async (name, pack) => {
  const doubtful = 'id,last,email\n1,"Adams" ,a@x.com\n2, "Brown",b@x.com\n3,Clark,c@x.com\n';
  await using place = await rehearse(parts("{}"), { [`inbox/${name}`]: pack(doubtful) });
  const { streams } = (await place.project.run("run", "job.yaml", "--json")).summary();
  expect(streams["contacts"]).toMatchObject({ extracted: 3, rejected: 2, loaded: 1 });
});

test("a mistake in format is told at its place", async () => {
  await using place = await rehearse(parts("{ type: json, delimiter: x, encoding: utf-9 }"), {});
  const check = await place.project.run("check", "job.yaml");
  expect(check.code).toBe(2);
  expect(check.stderr).toContain("delimiter does not go with type json");
  expect(check.stderr).toContain('there is no encoding "utf-9"');
});

describe("a file target", () => {
  const rows = 'id,text\n1,=1+1\n2,"+49 30 ""x"""\n3,-5\n4,@a\n5,"\tx"\n6,plain; =1\n7,\n8,＝1\n';

  async function write(format: string): Promise<{ bytes: Buffer; batches: string[] }> {
    await using project = createProject({
      "connections.yaml":
        "version: 1\nconnections:\n  drop: { type: file, path: ./inbox }\n  out: { type: file, path: ./out }\n",
      "job.yaml": `version: 1
name: written
streams:
  rows:
    source: { connection: drop, files: "in.csv" }
    target: { connection: out, files: out.file, format: ${format} }
    map: { id: id, text: "nullif(text, '')", "=sum": id }
`,
      "inbox/in.csv": rows,
    });
    expect(await project.run("run", "job.yaml")).toMatchObject({ code: 0 });
    const [folder = ""] = project.list(".loadline/runs");
    return {
      bytes: readFileSync(project.path("out/out.file")),
      batches: project.list(`.loadline/runs/${folder}/batches`),
    };
  }

  const written = ["=1+1", '+49 30 "x"', "-5", "@a", "\tx", "plain; =1", null, "＝1"];

  test("writes any dialect of CSV, and alters nothing", async () => {
    const { bytes } = await write(`{ delimiter: ";", quote: "'" }`);
    const lines = parse(bytes, { delimiter: ";", quote: "'" }) as string[][];
    expect(lines).toEqual([["id", "text", "=sum"], ...written.map((text, n) => [`${n + 1}`, text ?? "", `${n + 1}`])]);
  });

  test("neutralises formulas where it is told to", async () => {
    const { bytes } = await write("{ neutralise_formulas: true }");
    const lines = parse(bytes) as string[][];
    expect(lines[0]).toEqual(["id", "text", "'=sum"]);
    expect(lines.slice(1).map(([, text]) => text)).toEqual([
      "'=1+1",
      '\'+49 30 "x"',
      "'-5",
      "'@a",
      "'\tx",
      "plain; =1",
      "",
      "'＝1",
    ]);
  });

  test("writes JSON Lines", async () => {
    const { bytes, batches } = await write("{ type: jsonl }");
    const lines = bytes.toString().trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      written.map((text, n) => ({ id: `${n + 1}`, text, "=sum": `${n + 1}` })),
    );
    expect(batches).toEqual(["rows-00001.jsonl"]);
  });

  test("writes Parquet, which a job reads again", async () => {
    const { bytes } = await write("{ type: parquet }");
    await using project = createProject({
      "connections.yaml": "version: 1\nconnections:\n  drop: { type: file, path: ./inbox }\n",
      "inbox/in.parquet": bytes,
    });
    const guess = await project.run("guess", "inbox/in.parquet");
    project.write({ "job.yaml": guess.stdout });
    expect(await project.run("check", "job.yaml")).toMatchObject({ code: 0 });
    expect(await project.run("run", "job.yaml")).toMatchObject({ code: 0 });
    const lines = parse(project.read("inbox/in-mapped.csv")) as string[][];
    // The map that guess writes takes away what is invisible at the ends.
    expect(lines.slice(1).map(([, text]) => text)).toEqual(written.map((text) => (text ?? "").trim()));
  });

  test("takes no key of another format, and an object takes none at all", async () => {
    const job = contactsJob({ target: ", format: { type: csv }" });
    await using place = await rehearse(job, { "inbox/contacts.csv": "id,last,email\n" });
    expect((await place.project.run("check", "job.yaml")).stderr).toContain("format goes with `files`");
  });
});
