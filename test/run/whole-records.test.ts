// Records of files that are easily taken otherwise than they are written: each is in what is written, in a reject, or
// told. Many files in one run.

import { symlinkSync } from "node:fs";
import { expect, test } from "vitest";
import { createProject } from "../support/rig.ts";

interface Feed {
  content: string | Buffer;
  /** Ending of its name. */
  type?: string;
  format?: string;
  map?: string;
  written: string;
  rejects?: RegExp[];
  words?: RegExp;
}

/** One row at 2021-01-01T00:00:00.123456789 in INT96, made by pyarrow 26. */
const int96 =
  "UEFSMRUAFRQVOCwVAhUAFQYVBhwAAAAfiwgAAAAAAAIDY2JgYGBiZASSAJVXay8KAAAAFQAVJBVKLBUCFQAVBhUGHAAAAB+LCAAAAAAAAgNjYmBgYGIUPRvNDmQwBLSpMgAAfOpiQxIAAAAVBBk8NQAYBnNjaGVtYRUEABUCJQIYAmlkABUGJQIYA29sZAAWAhkcGSwmABwVAhklBgAZGAJpZBUEFgIWOhZeJghJHBUAFQAVAgA8KQYZJgACAAAAJgAcFQYZJQYAGRgDb2xkFQQWAhZKFnAmZkkcFQAVABUCADwpBhkmAAIAAAAWhAEWAiYIFs4BACggcGFycXVldC1jcHAtYXJyb3cgdmVyc2lvbiAyNi4wLjEZLBwAABwAAAC3AAAAUEFSMQ==";
/** The same instant with a zone and without, and a time of day, all in nanoseconds. */
const nanoseconds =
  "UEFSMRUAFRQVOCwVAhUAFQYVBhwAAAAfiwgAAAAAAAIDY2JgYGBiZASSAJVXay8KAAAAFQAVHBVELBUCFQAVBhUGHAAAAB+LCAAAAAAAAgNjYmBgYGIUrS6+ncTMwAAAfHKVGQ4AAAAVABUcFUQsFQIVABUGFQYcAAAAH4sIAAAAAAACA2NiYGBgYhQ9e71+7qdQMQAeYQEEDgAAABUAFRwVRCwVAhUAFQYVBhwAAAAfiwgAAAAAAAIDY2JgYGBiFD17vX7up1AxAB5hAQQOAAAAFQQZXDUAGAZzY2hlbWEVCAAVAiUCGAJpZAAVBCUCGANkYXlsfBIcPAAAAAAAFQQlAhgDdXRjbIwRHDwAAAAAABUEJQIYBWxvY2FsbIwSHDwAAAAAABYCGRwZTCYAHBUCGSUGABkYAmlkFQQWAhY6Fl4mCEkcFQAVABUCADwpBhkmAAIAAAAmABwVBBklBgAZGANkYXkVBBYCFkIWaiZmSRwVABUAFQIAPCkGGSYAAgAAACYAHBUEGSUGABkYA3V0YxUEFgIWQhZqJtABSRwVABUAFQIAPCkGGSYAAgAAACYAHBUEGSUGABkYBWxvY2FsFQQWAhZCFmomugJJHBUAFQAVAgA8KQYZJgACAAAAFoACFgImCBacAwAoIHBhcnF1ZXQtY3BwLWFycm93IHZlcnNpb24gMjYuMC4xGUwcAAAcAAAcAAAcAAAASgEAAFBBUjE=";
/** Columns id and Id. */
const twins =
  "UEFSMRUAFRwVOiwVAhUAFQYVBhwAAAAfiwgAAAAAAAIDY2JgYGBiZGSAAACKefHvDgAAABUAFRYVOiwVAhUAFQYVBhwAAAAfiwgAAAAAAAIDY2JgYGBiZASSyQDz0/OGCwAAABUEGTw1ABgGc2NoZW1hFQQAFQQlAhgCaWQAFQwlAhgCSWQlAEwcAAAAFgIZHBksJgAcFQQZJQYAGRgCaWQVBBYCFkIWYCYISRwVABUAFQIAPCkGGSYAAgAAACYAHBUMGSUGABkYAklkFQQWAhY8FmAmaEkcFQAVABUCADwWAhkGGSYAAgAAABZ+FgImCBbAAQAoIHBhcnF1ZXQtY3BwLWFycm93IHZlcnNpb24gMjYuMC4xGSwcAAAcAAAAvAAAAFBBUjE=";

const swallowed = /the value in lines 2–4 holds lines that look like records/;

const feeds: Record<string, Feed> = {
  // The comma of a name without quotes has moved the cells behind it: the last one is blank.
  moved: {
    content: "id,last,email\n1,Smith, John,\n2,B,b@x\n3,C,c@x,,\n",
    map: "{ id: id, email: email }",
    written: "id,email\n2,b@x\n",
    rejects: [/^1,Smith, John,"4 cells, the header has 3; further cells: empty",\(record\),2$/m, /^3,C,c@x,.*,4$/m],
  },
  nul: {
    content: 'id,last\n1,A\0B\n2,B\n3,"C\0"\n',
    written: "id,last\n2,B\n",
    rejects: [/the character NUL \(U\+0000\) in ""last""",\(record\),2$/m, /NUL.*,4$/m],
  },
  "nul-latin": {
    content: Buffer.from("id,last\n1,\u00fc\0\n2,\u00fc\n", "latin1"),
    format: "{ encoding: latin-1 }",
    written: "id,last\n2,ü\n",
    rejects: [/NUL.*,2$/m],
  },
  // A stray quote and another one, both where CSV allows them.
  swallowed: {
    content: 'id,last,x\n1,"A,x\n2,B,x\n3,C",x\n4,D,x\n',
    written: 'id,last\n1,"A,x\n2,B,x\n3,C"\n4,D\n',
    words: swallowed,
  },
  "swallowed-crlf": {
    content: 'id;last\r\nK1;"A\r\nK2;B\r\nK3;C"\r\nK4;D\r\n',
    format: '{ delimiter: ";" }',
    written: 'id,last\nK1,"A\r\nK2;B\r\nK3;C"\nK4,D\n',
    words: swallowed,
  },
  // Nothing to be told of: an address, a letter.
  address: {
    content: 'id,last\n1,"Main Street 1\nSpringfield, IL"\n2,"Dear Ms Miller,\n\nyes, please"\n',
    written: 'id,last\n1,"Main Street 1\nSpringfield, IL"\n2,"Dear Ms Miller,\n\nyes, please"\n',
  },
  // Columns in the order of the map, by the names that it has.
  digits: {
    content: "id,2024,2023\n1,a,b\n",
    map: '{ id: id, 2024: "\\"2024\\"", "2023": "\\"2023\\"", 007: id, 1.10: id }',
    written: "id,2024,2023,007,1.10\n1,a,b,1,1\n",
  },
  "digits-json": {
    content: '[{"id":1,"2024":"a","2023":"b"}]',
    type: "json",
    map: '{ id: id, 2024: "\\"2024\\"", "2023": "\\"2023\\"" }',
    written: "id,2024,2023\n1,a,b\n",
  },
  total: {
    content: "id,last\n1,A\nGrand Total,2\n\n",
    written: "id,last\n1,A\nGrand Total,2\n",
    words: /the last record looks like a total \("Grand Total"\): leave it out by/,
  },
  "wide-json": {
    content: Buffer.from('[{"id":1,"last":"Abcdefgh"},]', "utf16le"),
    type: "json",
    format: "{ encoding: utf-16le }",
    written: "id,last\n1,Abcdefgh\n",
    rejects: [/a comma too many/],
  },
  int96: {
    content: Buffer.from(int96, "base64"),
    type: "parquet",
    map: "{ id: id, old: old }",
    written: "id,old\n1,2021-01-01T00:00:00.123456\n",
    words: /"old" holds times in nanoseconds \(INT96\): they are read to the microsecond/,
  },
  nanoseconds: {
    content: Buffer.from(nanoseconds, "base64"),
    type: "parquet",
    map: "{ id: id, day: day, local: local }",
    written: "id,day,local\n1,01:02:03.123456,2021-01-01T00:00:00.123456789\n",
    words: /"day" holds times in nanoseconds:/,
  },
};

test("each record of a file is written, refused with its line, or told", async () => {
  const streams = Object.entries(feeds).map(([name, { type = "csv", format = "{}", map }]) => {
    const formatOf = format.replace("{", `{ type: ${type},`).replace(",}", " }");
    return `  ${name}:
    source: { connection: drop, files: in-${name}.${type}, format: ${formatOf} }
    target: { connection: drop, files: ${name}.out, mode: replace }
    map: ${map ?? "{ id: id, last: last }"}
`;
  });
  await using project = createProject({
    "connections.yaml": "version: 1\nconnections: { drop: { type: file, path: ./inbox } }\n",
    "job.yaml": `version: 1\nname: records\nrejects: { max: 100% }\nstreams:\n${streams.join("")}`,
    ...Object.fromEntries(
      Object.entries(feeds).map(([name, { content, type = "csv" }]) => [`inbox/in-${name}.${type}`, content]),
    ),
  });
  const run = await project.run("run", "job.yaml", "--json");
  expect(run.code, run.stderr).toBe(0);
  const [folder = ""] = project.runFolders().map((path) => path.slice(project.folder.length + 1));
  const summary = run.summary();
  for (const [name, { written, rejects = [], words, type = "csv" }] of Object.entries(feeds)) {
    expect(project.read(`inbox/${name}.out`), name).toBe(written);
    expect(summary.streams[name]?.rejected, name).toBe(rejects.length);
    for (const pattern of rejects) expect(project.read(`${folder}/rejects/${name}.csv`), name).toMatch(pattern);
    const told = run.stderr.split("\n").filter((line) => line.includes(`in-${name}.${type}: `));
    expect(told.join("\n"), name).toMatch(words ?? /^$/);
  }
});

test("a file that is not what the job says is refused by name", async () => {
  const files: Record<string, [content: string | Buffer, format: string, said: RegExp]> = {
    "marks.csv": ["\ufeff\ufeffid,last\n1,A\n", "csv", /marks.csv:1: the file begins with two byte order marks/],
    "lines.jsonl": ['[\n{"id":1,"last":"A"}\n]\n', "jsonl", /the file is a JSON array, not JSON Lines/],
    "message.csv": ["-----BEGIN PGP MESSAGE-----\n\nhQEM\n", "csv", /the file is an OpenPGP message, not CSV/],
    "sheet.csv": [
      '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook/>',
      "csv",
      /the file is an Excel workbook \(XML\), not CSV/,
    ],
    "table.csv": ["Obj\u0001\u0004", "csv", /the file is an Avro file, not CSV/],
    "twins.parquet": [Buffer.from(twins, "base64"), "parquet", /\\"Id\\" and \\"id\\" are one column to loadline/],
  };
  const job = (file: string, type: string) => `version: 1
name: ${file.replace(".", "-")}
streams:
  s:
    source: { connection: drop, files: ${file}, format: { type: ${type} } }
    target: { connection: drop, files: out.csv, mode: replace }
    map: { id: id }
`;
  await using project = createProject({
    "connections.yaml": "version: 1\nconnections: { drop: { type: file, path: ./inbox } }\n",
    ...Object.fromEntries(Object.entries(files).map(([name, [, type]]) => [`${name}.yaml`, job(name, type)])),
    ...Object.fromEntries(Object.entries(files).map(([name, [content]]) => [`inbox/${name}`, content])),
  });
  const run = await project.run("plan", "--json", ...Object.keys(files).map((name) => `${name}.yaml`));
  expect(run.code).toBe(1);
  for (const [, , said] of Object.values(files)) expect(run.stdout).toMatch(said);
});

test("what matches and is no file stops the run by its name: a link to itself", async () => {
  await using project = createProject({
    "connections.yaml": "version: 1\nconnections: { drop: { type: file, path: ./inbox } }\n",
    "job.yaml":
      'version: 1\nname: links\nstreams:\n  s:\n    source: { connection: drop, files: "*.csv" }\n    target: { connection: drop, files: out.txt, mode: replace }\n    map: { id: id }\n',
    "inbox/a.csv": "id\n1\n",
  });
  symlinkSync("b.csv", project.path("inbox/b.csv"));
  const run = await project.run("plan", "job.yaml", "--json");
  expect(run.code).toBe(1);
  expect(run.stdout).toContain("b.csv matches and can't be taken");
});
