// Formats of files over SFTP: what is fetched is packed, encoded and divided as what is copied from a folder, and each
// reject tells the file and the line as they were sent.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import iconv from "iconv-lite";
import { describe, expect, test } from "vitest";
import type { Project } from "../support/rig.ts";
import { zipOf } from "../support/zip.ts";
import { type CopyJob, copyJob, startVendor } from "./support.ts";

const lenient = "rejects: { max: 100% }";

function copyFormat(files: string, format: string, more: CopyJob = {}): string {
  return copyJob({ files, ...more, source: `, format: ${format}${more.source ?? ""}`, top: lenient });
}

function runFile(project: Project, name: string): string {
  return readFileSync(`${project.runFolders().at(-1)}/${name}`, "utf8");
}

/** Without the header. */
function rejects(project: Project): string[] {
  return runFile(project, "rejects/people.csv").trimEnd().split("\n").slice(1);
}

function western(text: string): Buffer {
  const bytes = Buffer.from(iconv.encode(text, "windows-1252"));
  const hole = bytes.indexOf("?");
  if (hole >= 0) bytes[hole] = 0x81;
  return bytes;
}

const westernFormat = `{ delimiter: ";", encoding: windows-1252, skip_lines: 1 }`;

test("a zip of files in windows-1252, and a file behind it: rejects by the file in the zip, and its line", async () => {
  await using vendor = await startVendor({ "job.yaml": copyFormat("in/*", westernFormat) });
  vendor.put({
    "in/a.zip": zipOf({
      "south.csv": western("Export\nid;last\n1;Müller\n2;?\n"),
      "north.csv": western("Export\nid;last\n3;Ærø;x\n4;Åse\n"),
    }),
    "in/b.csv": western("Export\nid;last\n5;Zoë\n\n6;?\n"),
  });
  const checked = await vendor.project.run("check", "job.yaml");
  expect(checked.code, checked.stderr).toBe(0);
  const run = await vendor.project.run("run", "job.yaml", "--json");
  expect(run.summary().streams["people"]).toMatchObject({ extracted: 6, rejected: 3, loaded: 3 });
  expect(vendor.project.read("out/people.csv")).toBe("Id,Name\n4,Åse\n1,Müller\n5,Zoë\n");
  expect(rejects(vendor.project)).toEqual([
    '3,Ærø,"3 cells, the header has 2; further cells: x",(record),3,in/a.zip/north.csv',
    "2,\ufffd,not valid windows-1252,(record),4,in/a.zip/south.csv",
    "6,\ufffd,not valid windows-1252,(record),5,in/b.csv",
  ]);
});

const lines = '{"id":"1","last":"Müller"}\n{"id":"2","last":}\n\n{"id":"3","last":"say \\"hi\\""}\n';

test.each([
  ["a.jsonl", lines],
  ["a.jsonl.zst", zstdCompressSync(lines)],
])("JSON Lines (%s): columns are checked, and the reject tells its line", async (name, content) => {
  await using vendor = await startVendor({ "job.yaml": copyFormat("in/*", "{ type: jsonl }") });
  vendor.put({ [`in/${name}`]: content });
  expect((await vendor.project.run("check", "job.yaml")).code).toBe(0);
  const run = await vendor.project.run("run", "job.yaml", "--json");
  expect(run.summary().streams["people"]).toMatchObject({ extracted: 3, rejected: 1, loaded: 2 });
  expect(vendor.project.read("out/people.csv")).toBe('Id,Name\n1,Müller\n3,"say ""hi"""\n');
  expect(rejects(vendor.project)).toEqual([expect.stringMatching(/,2(,in\/a\.jsonl)?$/)]);
});

describe("check reads the columns of remote files", () => {
  test.each([
    ["a.zip", "{}", zipOf({ "a.csv": "id,Surname\n1,a\n" })],
    ["a.csv.zst", "{}", zstdCompressSync("id,Surname\n1,a\n")],
    ["a.csv", "{ encoding: utf-16 }", iconv.encode("id,Surname\n1,a\n", "utf-16")],
    ["a.json", "{ type: json, records: /rows }", JSON.stringify({ rows: [{ id: 1 }, { id: 2, Surname: "b" }] })],
    ["a.xml", "{ type: xml, records: /all/one }", "<all><one><id>1</id><Surname>a</Surname></one></all>"],
  ])("%s %s", async (name, format, content) => {
    await using vendor = await startVendor({ "job.yaml": copyFormat("in/*", format) });
    vendor.put({ [`in/${name}`]: content });
    const refused = await vendor.project.run("check", "job.yaml");
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("last")]);
    expect(refused.stderr).toContain("Surname");
    vendor.project.write({ "job.yaml": copyFormat("in/*", format).replace("Name: last", "Name: Surname") });
    expect((await vendor.project.run("check", "job.yaml")).code).toBe(0);
    expect(existsSync(vendor.project.path("out"))).toBe(false);
  });

  test("beyond the head of a JSON Lines file, and in Parquet that this program has written there", async () => {
    const many = Array.from({ length: 60_000 }, (_, id) => JSON.stringify({ id: String(id), other: "x".repeat(20) }));
    await using vendor = await startVendor({ "job.yaml": copyFormat("in/*", "{ type: jsonl }") });
    vendor.put({ "in/a.jsonl": [...many, '{"id":"last","last":"z"}'].join("\n") });
    expect((await vendor.project.run("check", "job.yaml")).code).toBe(0);
    vendor.project.write({ "job.yaml": uploadJob("people.pq", "{ type: parquet }"), "out/a.csv": people });
    expect((await vendor.project.run("run", "job.yaml")).code).toBe(0);
    const back = copyFormat("people.pq", "{ type: parquet }").replace("id, Name: last", "Id, Name: Name");
    vendor.project.write({ "job.yaml": back });
    expect((await vendor.project.run("check", "job.yaml")).code).toBe(0);
    expect((await vendor.project.run("run", "job.yaml")).code).toBe(0);
    expect(vendor.project.read("out/people.csv")).toBe("Id,Name\n1,Müller\n2,=1+1\n");
    vendor.project.write({
      "out/people.pq": readFileSync(join(vendor.folder, "people.pq")),
      "job.yaml": back.replace("{ connection: vendor,", "{ connection: out,"),
    });
    expect((await vendor.project.run("check", "job.yaml")).code).toBe(0);
  });
});

const people = "id,last\n1,Müller\n2,=1+1\n";

/** From the local folder to the server. */
function uploadJob(name: string, format: string): string {
  return copyJob({ files: "a.csv" })
    .replace("{ connection: vendor,", "{ connection: out,")
    .replace("{ connection: out, files: people.csv", `{ connection: vendor, files: ${name}, format: ${format}`);
}

test.each([
  ["people.jsonl", "{ type: jsonl }", '{"Id":"1","Name":"Müller"}\n{"Id":"2","Name":"=1+1"}\n'],
  ["people.csv", '{ delimiter: ";", neutralise_formulas: true }', "Id;Name\n1;Müller\n2;'=1+1\n"],
])("%s is written to the server as %s", async (name, format, expected) => {
  await using vendor = await startVendor({ "job.yaml": uploadJob(name, format), "out/a.csv": people });
  const run = await vendor.project.run("run", "job.yaml");
  expect(run.code, run.stdout).toBe(0);
  expect([vendor.list(), vendor.read(name)]).toEqual([[name], expected]);
});

describe("packed files that are fetched", () => {
  const packed = gzipSync("id,last\n1,a\n");
  const csvJob = { "job.yaml": copyJob({ files: "in/*" }) };

  test.each([
    ["a.csv.gz", "ends too early", packed.subarray(0, -4)],
    ["a.csv.gz", "more after its end|or after its end, is no gzip", Buffer.concat([packed, Buffer.from("more")])],
    ["a.csv.zst", "ends too early|no zstd file", zstdCompressSync("id,last\n1,a\n").subarray(0, -3)],
    ["a.zip", "end of central directory|damaged", zipOf({ "a.csv": "id,last\n1,a\n" }).subarray(0, -8)],
    ["a.zip", "checksum|uncompressed|damaged", zipOf({ "a.csv": "id,last\n1,a\n" }, 5)],
  ])("%s that %s is refused, and nothing is written", async (name, why, content) => {
    await using vendor = await startVendor(csvJob);
    vendor.put({ [`in/${name}`]: content });
    const refused = await vendor.project.run("run", "job.yaml");
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(new RegExp(why))]);
    expect(refused.stderr).toContain(`in/${name}`);
    expect(existsSync(vendor.project.path("out"))).toBe(false);
  });

  test("zeros behind gzip, several members, and quotes between spaces are read as from a folder", async () => {
    const feed = {
      "in/a.csv.gz": Buffer.concat([packed, Buffer.alloc(600)]),
      "in/b.csv.gz": Buffer.concat([gzipSync("id,last\n2,b\n"), gzipSync("3,c\n")]),
      "in/c.csv.gz": gzipSync('id,last\n4, "d" \n5,e\n'),
      "in/d.csv": 'id,last\n6, "f" \n7,g\n',
      "in/e.csv": 'id,last\n8,h\n\ufeff"9",i\n',
      "in/f.csv": "\n\nid,last\n10,j\n",
    };
    const remote = copyFormat("in/*", "{}");
    const local = Object.fromEntries(Object.entries(feed).map(([name, content]) => [`out/${name}`, content]));
    await using vendor = await startVendor({
      "remote.yaml": remote,
      "local.yaml": remote.replace("{ connection: vendor,", "{ connection: out,"),
    });
    vendor.put(feed);
    vendor.project.write(local);
    const outcomes = [];
    for (const job of ["local.yaml", "remote.yaml"]) {
      const run = await vendor.project.run("run", job, "--json");
      const { extracted, loaded, rejected } = run.summary().streams["people"] ?? {};
      outcomes.push({
        extracted,
        loaded,
        rejected,
        file: vendor.project.read("out/people.csv"),
        rejects: rejects(vendor.project),
      });
    }
    expect(outcomes[1]).toEqual(outcomes[0]);
    expect(outcomes[0]).toMatchObject({ extracted: 10, loaded: 7, rejected: 3 });
  });
});

describe("files in a zip are taken as the zip", () => {
  const zip = zipOf({ "x.csv": "id,last\n1,a\n2,b\n", "y.csv": "id,last\n3,c\n" });
  const behind = "id,last\n4,d\n";
  const whole = "Id,Name\n1,a\n2,b\n3,c\n4,d\n";
  const archives = (source: string) => ({ "job.yaml": copyJob({ files: "in/*", source }) });

  test.each([
    ["extracted:1", undefined],
    ["extracted:2", "part-00001-002.csv"],
  ])("a run that is killed at %s goes on with every part once, where %s was lost too", async (place, lost) => {
    await using vendor = await startVendor(archives(", after: { move: done }"));
    vendor.put({ "in/a.zip": zip, "in/b.csv": behind });
    const killed = await vendor.project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: place } }).finished;
    expect(killed.signal).toBe("SIGKILL");
    const folder = vendor.project.runFolders().at(-1) ?? "";
    if (lost !== undefined) rmSync(join(folder, "extract/people", lost));
    const run = await vendor.project.run("resume", "--json");
    expect(run.summary().streams["people"]).toMatchObject({ extracted: 4, loaded: 4 });
    expect(vendor.project.read("out/people.csv")).toBe(whole);
    expect([vendor.list("in"), vendor.list("done")]).toEqual([[], ["a.zip", "b.csv"]]);
  });

  test("once goes by the bytes of the zip, by whatever name", async () => {
    await using vendor = await startVendor(archives(", once: content_hash"));
    const extracted = async () => (await vendor.project.run("run", "job.yaml", "--json")).summary().streams["people"];
    vendor.put({ "in/a.zip": zip, "in/b.csv": behind });
    expect(await extracted()).toMatchObject({ extracted: 4 });
    vendor.put({ "in/again.zip": zip, "in/c.csv": "id,last\n5,e\n" });
    expect(await extracted()).toMatchObject({ extracted: 1 });
    expect((await extracted())?.extracted ?? 0).toBe(0);
  });

  test("once leaves out the twin of a zip that was unpacked before the run was killed", async () => {
    await using vendor = await startVendor(archives(", once: content_hash"));
    vendor.put({ "in/a.zip": zip, "in/twin.zip": zip, "in/z.csv": behind });
    await vendor.project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "extracted:1" } }).finished;
    const run = await vendor.project.run("resume", "--json");
    expect(run.summary().streams["people"]).toMatchObject({ extracted: 4, loaded: 4 });
    expect(vendor.project.read("out/people.csv")).toBe(whole);
  });

  test("a manifest tells rows, bytes and SHA-256 of the zip", async () => {
    await using vendor = await startVendor(archives(', ready: { manifest: "m.json" }, after: { delete: true }'));
    const sha256 = createHash("sha256").update(zip).digest("hex");
    const tell = (rows: number) => JSON.stringify([{ name: "a.zip", rows, bytes: zip.length, sha256 }]);
    vendor.put({ "in/a.zip": zip, "in/m.json": tell(4) });
    const refused = await vendor.project.run("run", "job.yaml");
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("4 records promised, 3 arrived")]);
    vendor.put({ "in/m.json": tell(3) });
    const run = await vendor.project.run("run", "job.yaml", "--json");
    expect([run.code, vendor.list("in")]).toEqual([0, []]);
  });

  test("a done file beside a zip is looked for by the zip's name", async () => {
    await using vendor = await startVendor(archives(", ready: { done_file: '{name}.done' }"));
    vendor.put({ "in/a.zip": zip, "in/a.zip.done": "", "in/b.zip": zipOf({ "z.csv": behind }) });
    const run = await vendor.project.run("run", "job.yaml", "--json");
    expect(run.summary().streams["people"]).toMatchObject({ extracted: 3 });
  });
});
