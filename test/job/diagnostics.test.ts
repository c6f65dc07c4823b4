import { describe, expect, test } from "vitest";
import { Diagnostics, SourceText, showDiagnostic } from "../../src/job/diagnostics.ts";
import { jobText, messageOf, refusalOfJob, writeFile } from "./rig.ts";

describe("a diagnostic", () => {
  const place = { file: "a.yaml", line: 2, column: 3 };

  test("shows the place, the line, an underline, the name that was meant and what to do", () => {
    const diagnostic = { place, length: 4, message: "no such field", suggestion: "name", next: "look it up" };
    expect(showDiagnostic(diagnostic, "x\n  nmae: 1\ny")).toBe(`a.yaml:2:3: no such field
  2 |   nmae: 1
    |   ~~~~ did you mean "name"?
  next: look it up`);
  });

  test("reads the file itself when it has no text", () => {
    const file = writeFile("shown.yaml", "a\nbcd\n");
    expect(showDiagnostic({ place: { ...place, file, column: 2 }, message: "m" })).toContain("  2 | bcd\n    |  ~");
  });

  test("is one line when the file or the line is gone", () => {
    const diagnostic = { place, message: "m", suggestion: "s" };
    expect(showDiagnostic(diagnostic)).toBe('a.yaml:2:3: m\n  did you mean "s"?');
    expect(showDiagnostic({ ...diagnostic, place: { file: "a.yaml" } }, "x")).toBe('a.yaml: m\n  did you mean "s"?');
    expect(showDiagnostic({ ...diagnostic, place: { ...place, line: 9 } }, "x")).toContain('did you mean "s"?');
  });

  test("underlines at most to the end of the line", () => {
    expect(showDiagnostic({ place, length: 99, message: "m" }, "x\n  ab")).toBe(
      "a.yaml:2:3: m\n  2 |   ab\n    |   ~~",
    );
    expect(showDiagnostic({ place: { ...place, column: 9 }, message: "m" }, "x\nab")).toMatch(/\| {9}~$/);
  });

  test("cuts a long line around the place", () => {
    const line = `${"x".repeat(5000)}HERE${"y".repeat(5000)}`;
    const lines = showDiagnostic({ place: { ...place, column: 5001 }, length: 4, message: "m" }, `\n${line}`).split(
      "\n",
    );
    expect(lines[1]?.length).toBeLessThan(180);
    expect(lines[1]?.indexOf("HERE")).toBe(lines[2]?.indexOf("~~~~"));
  });

  test("never sends control characters to the terminal", () => {
    const text = "x\n\u001b[31m\tred\u202e\u0007";
    const shown = showDiagnostic({ place, message: "bad \u001b]0;x\u0007", next: "\u009b1m" }, text);
    expect(shown).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
    expect(shown).toContain("·[31m red··");
  });
});

describe("the problems of a file", () => {
  test("come in the order of the file, each once", () => {
    const diagnostics = new Diagnostics(new SourceText("a.yaml", "ab\ncd\n"));
    diagnostics.add({ start: 3, end: 4 }, "second");
    diagnostics.add({ start: 0, end: 1 }, "first");
    diagnostics.add({ start: 3, end: 4 }, "second");
    const message = messageOf(() => diagnostics.throwIfAny());
    expect(message.split("\n").filter((line) => line.startsWith("a.yaml"))).toEqual([
      "a.yaml:1:1: first",
      "a.yaml:2:1: second",
    ]);
  });

  test("are counted beyond the fiftieth", () => {
    const many = Array.from({ length: 60 }, (_, index) => `k${index}: 1\n`).join("");
    expect(refusalOfJob(jobText({ job: many }))).toMatch(/and 10 more problems$/);
  });

  test("are none for a file without problems", () => {
    expect(() => new Diagnostics(new SourceText("a", "")).throwIfAny()).not.toThrow();
  });

  test("have places that lead back to their offsets", () => {
    const source = new SourceText("a", "ab\n\ncd");
    for (let offset = 0; offset <= 6; offset += 1) expect(source.offsetOf(source.placeAt(offset))).toBe(offset);
    expect(source.placeAt(5)).toEqual({ file: "a", line: 3, column: 2 });
  });
});
