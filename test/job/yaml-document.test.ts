import { describe, expect, test } from "vitest";
import { readJob } from "../../src/job/read-job.ts";
import { jobText, messageOf, readJobText, refusalOfConnections, refusalOfJob, writeFile } from "./rig.ts";

describe("a file", () => {
  test("that is missing, a folder, or too large is refused", () => {
    expect(messageOf(() => readJob("nowhere/job.yaml"))).toBe("there is no such file");
    const other = writeFile("contacts.yaml", jobText());
    expect(() => readJob(other.replace("contacts", "contact"))).toThrow(
      expect.objectContaining({ next: expect.stringMatching(/^did you mean .*contacts\.yaml\?$/) }),
    );
    expect(() => readJob("nowhere/job.yaml")).toThrow(
      expect.objectContaining({ next: "there is no folder nowhere either" }),
    );
    expect(messageOf(() => readJob("."))).toBe("the file cannot be read");
    const large = writeFile("large.yaml", `${jobText()}#${"x".repeat(1024 * 1024)}\n`);
    expect(messageOf(() => readJob(large))).toBe("the file is over 1 MiB");
  });

  test("that is not UTF-8 is refused at its first wrong byte", () => {
    const file = writeFile("latin.yaml", Buffer.from("version: 1\nname: caf\xe9\n", "latin1"));
    try {
      readJob(file);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ message: "the file is not UTF-8", where: { line: 2, column: 10 } });
    }
  });

  test("with a byte order mark and Windows line ends is read", () => {
    const job = readJobText(`\uFEFF${jobText().replaceAll("\n", "\r\n")}`);
    expect(job.streams[0]?.fields.at(-1)).toMatchObject({
      expression: { sql: "trim(name)", place: { line: 9, column: 13 } },
    });
  });

  test.each([
    ["", "job.yaml:1:1: the file is empty"],
    ["# only a comment\n", "the file is empty"],
    ["- a\n", "expected a map of keys"],
    ["just text\n", "expected a map of keys"],
    [`${jobText()}---\na: 1\n`, "job.yaml:10:1: a second document starts here"],
    [`%YAML 1.1\n---\n${jobText()}`, "job.yaml:1:1: YAML directives are not supported"],
    [jobText({ map: "Zip: !!str 1" }), "YAML tags are not supported"],
    [jobText({ map: "Zip: !x 1" }), "a tag that YAML does not know"],
    [jobText({ map: "<<: { Zip: a }" }), "job.yaml:10:7: merge keys are not supported"],
    [jobText({ map: "? [a]\n: b" }), "a key that is not text"],
    [jobText({ map: "Zip: 'x' || y" }), "text that does not belong here"],
    [jobText({ map: "Zip: a: b" }), 'a ": " inside a value'],
    [jobText({ map: 'Zip: "a' }), 'Missing closing "quote'],
    [jobText().replace("    source", "\tsource"), "a tab in the indentation"],
  ])("whose text is %j is refused: %s", (text, message) => {
    expect(refusalOfJob(text)).toContain(message);
  });

  test("with a duplicate key is refused at the second, also inside x- keys", () => {
    expect(
      refusalOfJob(jobText({ map: "Name: again", job: "x-a: { b: 1, b: 2 }\n" })),
    ).toBe(`job.yaml:10:7: duplicate key "Name"
  10 |       Name: again
     |       ~~~~
job.yaml:11:14: duplicate key "b"
  11 | x-a: { b: 1, b: 2 }
     |              ~`);
  });

  test("may use aliases inside x- keys only", () => {
    expect(readJobText(jobText({ job: "x-a: &a { b: 1 }\nx-b: [*a]\n" })).name).toBe("accounts");
    expect(refusalOfJob(jobText({ map: "Zip: *a", job: "x-a: &a zip\n" }))).toContain(
      "job.yaml:10:12: aliases are not supported outside x-* keys",
    );
    expect(refusalOfConnections("version: 1\nx-a: &a 1\nx-b: *a\n")).toContain("aliases are not supported");
  });

  test("is told to quote an expression that YAML takes apart", () => {
    expect(refusalOfJob(jobText({ map: "Zip: 'x' || y" }))).toContain("next: quote the whole value");
  });
});

describe("a bomb", () => {
  const levels = (count: number) => `x-deep: ${"[".repeat(count)}${"]".repeat(count)}\n`;

  test("of depth is refused at the level that is too deep", () => {
    expect(readJobText(jobText({ job: levels(19) })).name).toBe("accounts");
    expect(refusalOfJob(jobText({ job: levels(20) }))).toContain("job.yaml:10:28: nested deeper than 20 levels");
  });

  test.each([
    ["brackets", "a: ".concat("[".repeat(500_000))],
    ["braces", "{a: ".repeat(200_000)],
    ["dashes", "- ".repeat(500_000)],
    ["question marks", "? ".repeat(500_000)],
    ["colons", ": ".repeat(500_000)],
  ])("of %s is refused without a stack overflow", (_name, text) => {
    expect(refusalOfJob(text)).toContain("nested deeper than 20 levels");
  });

  test.each([
    ["keys", Array.from({ length: 60_000 }, (_, index) => `k${index}: 1\n`).join("")],
    ["the same key", "a: 1\n".repeat(200_000)],
    ["brackets closed", "]\n".repeat(500_000)],
    ["anchors", `a: ${"&a ".repeat(300_000)}1\n`],
    ["items", `a: [${"x,".repeat(500_000)}]\n`],
    ["comments", "#\n".repeat(500_000)],
  ])("of many %s is refused for its number of tokens", (_name, text) => {
    expect(refusalOfJob(text)).toContain("more than 200000 YAML tokens");
  });

  test("of aliases is refused without being expanded", () => {
    const lists = Array.from(
      { length: 9 },
      (_, index) => `x-${index + 1}: &a${index + 1} [${`*a${index},`.repeat(9)}]`,
    );
    const laughs = `x-0: &a0 [lol]\n${lists.join("\n")}\n`;
    expect(readJobText(laughs + jobText()).name).toBe("accounts");
    expect(refusalOfJob(`${laughs}${jobText({ map: "Zip: *a9" })}`)).toContain("aliases are not supported");
  });
});
