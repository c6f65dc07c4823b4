import { gzipSync } from "node:zlib";
import { expect } from "vitest";
import { zipOf } from "../../support/zip.ts";
import { caseOf } from "../case.ts";
import { fileJob, fileProject, runFiles } from "../files/files-job.ts";

const html = "<table><tr><th>Name</th></tr><tr><td>Ann<br></td></tr></table>";
const workbook = zipOf({ "[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>" });
const utf16 = (text: string) => Buffer.from(text, "utf16le");

const files: readonly [name: string, bytes: string | Uint8Array, what: string, next: string][] = [
  ["report.xls", html, "an HTML page", "export it as CSV instead"],
  ["report-2.xls", `\n<!-- x -->\n<html xmlns:x="urn:x">\n<head>`, "an HTML page", "export it as CSV instead"],
  ["login.csv", "\ufeff<!DOCTYPE html>\n<html lang=de>", "an HTML page", "fetch it again"],
  ["book.xlsx", workbook, "an Excel workbook", "export it as CSV instead"],
  ["book.zip", workbook, "an Excel workbook", "export it as CSV instead"],
  [
    "old.xls",
    Buffer.from("d0cf11e0a1b11ae1000000000000", "hex"),
    "an Excel workbook (.xls)",
    "export it as CSV instead",
  ],
  ["letter.csv", "{\\rtf1\\ansi x}", "an RTF document", "export it as CSV instead"],
  ["print.csv", "%PDF-1.7\n", "a PDF document", "export it as CSV instead"],
  ["packed.csv", gzipSync("Name\nAnn\n"), "a gzip file", "let its name end in .gz"],
  ["twice.csv.gz", gzipSync(gzipSync("Name\nAnn\n")), "a gzip file", ".gz"],
  ["files.csv", zipOf({ "a.csv": "Name\nAnn\n" }), "a zip", "let its name end in .zip"],
];

caseOf("messages/page-named-xls", "the message says that the file is an HTML page", async () => {
  await using project = fileProject(Object.fromEntries(files.map(([name, bytes]) => [name, bytes])));
  for (const [name, , what, next] of files) {
    project.write({ "job.yaml": fileJob(name, { map: { Name: "Name" } }) });
    const commands = [
      ["guess", `inbox/${name}`],
      ["check", "job.yaml"],
      ["run", "job.yaml"],
    ];
    // The same place says it to all of them.
    for (const args of name === "report.xls" ? commands : commands.slice(0, 2)) {
      const { code, stdout, stderr: said } = await project.run(...args);
      const stderr = stdout + said;
      expect({ args, code: code === 0, stderr }).toEqual({
        args,
        code: false,
        stderr: expect.stringContaining(`the file is ${what}, not`),
      });
      expect(stderr).toContain(next);
    }
  }
  // What another type reads.
  for (const [bytes, message] of [
    ['[\n {"Name": "Ann"}]', "the file is a JSON array, not CSV"],
    ['{"Name": "Ann"}\n', "the file is a file of JSON objects, not CSV"],
    ['<?xml version="1.0"?><feed/>', "the file is an XML file, not CSV"],
    [utf16("Name,x\nAnn,y\n"), "the file is text in utf-16le without a byte order mark, not CSV"],
    [Buffer.from("fffe00004e000000", "hex"), "the file is text in UTF-32, not CSV"],
    [utf16("Name,x\nAnn,y\n").swap16(), "set format.encoding: utf-16be"],
  ] as const) {
    project.write({ "inbox/other.csv": bytes, "job.yaml": fileJob("other.csv", { map: { Name: "Name" } }) });
    expect((await runFiles(project)).stderr).toContain(message);
  }
});
