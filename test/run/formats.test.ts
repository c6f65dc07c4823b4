// Files of other formats through the real program: what lies in an archive, in another encoding or between other lines
// is loaded as plain CSV is, and each reject tells the line of the file as it was received.

import { zstdCompressSync } from "node:zlib";
import iconv from "iconv-lite";
import { expect, test } from "vitest";
import { createProject } from "../support/rig.ts";
import { zipOf } from "../support/zip.ts";
import { contactsJob, rehearse } from "./support.ts";

const parts = (format: string) =>
  contactsJob({ source: `, format: ${format}` }).replace('files: "contacts*.csv"', 'files: "contacts*"');

test("rejects of loadline and of the org carry the lines of the file as received", async () => {
  const text =
    "Export of 2026\n\nid;last;email\n# by hand\n1;Müller;nonsense\n2;?;b@x.com\n3;Brown;c@x.com;x\n4;Clärk;d@x.com\nrows: 4\n";
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
    "2,\ufffd,b@x.com,not valid windows-1252,,6",
    '3,Brown,c@x.com,"4 cells, the header has 3; further cells: x",,7',
    expect.stringMatching(/^1,Müller,nonsense,INVALID_EMAIL_ADDRESS.*,Email,5$/),
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
    '"1 cells, the header has 3",,3,contacts.zip/b.csv',
  );
});

test("a mistake in format is told at its place", async () => {
  await using place = await rehearse(parts("{ type: json, delimiter: x, encoding: utf-9 }"), {});
  const check = await place.project.run("check", "job.yaml");
  expect(check.code).toBe(2);
  expect(check.stderr).toContain("delimiter does not go with type json");
  expect(check.stderr).toContain('there is no encoding "utf-9"');
});
