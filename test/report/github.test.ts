import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Failure } from "../../src/core/errors.ts";
import { annotationsOf, appendOutputs } from "../../src/report/github.ts";

const environment = { GITHUB_WORKSPACE: "/repo" };

test("a failure is a command at its place; nothing in it ends the command or begins another", () => {
  const failure = new Failure(2, "100% wrong\r\n::add-mask::x", {
    where: { file: "/repo/jobs/a:b,c.yaml", line: 3, column: 5 },
    why: "because",
  });
  expect(annotationsOf(failure, environment)).toEqual([
    "::error file=jobs/a%3Ab%2Cc.yaml,line=3,col=5,title=loadline::100%25 wrong%0D%0A::add-mask::x%0Awhy: because",
  ]);
  expect(annotationsOf(new Error("boom"), environment)[0]).toMatch(/^::error title=loadline::internal error: boom%0A/);
});

/** As the runner reads the file: `name<<delimiter`, lines, delimiter. */
function readOutputs(text: string): Map<string, string> {
  const found = new Map<string, string>();
  const lines = text.split("\n");
  while (lines.length > 1) {
    const [name = "", delimiter = ""] = (lines.shift() ?? "").split("<<");
    const end = lines.indexOf(delimiter);
    if (end < 0) throw new Error(`${name} does not end`);
    found.set(
      name,
      lines
        .splice(0, end + 1)
        .slice(0, end)
        .join("\n"),
    );
  }
  return found;
}

test("outputs hold lines and what looks like an output", () => {
  const path = join(mkdtempSync(join(tmpdir(), "loadline-github-")), "output");
  const next = "a\nrun<<x\nb\nx\n";
  const summary = {
    run: null,
    job: "j",
    status: "failed",
    streams: {},
    apiCalls: {},
    seconds: 0,
    exitCode: 2,
    next,
  } as const;
  appendOutputs(path, summary);
  const outputs = readOutputs(readFileSync(path, "utf8"));
  expect(outputs.get("next")).toBe(next);
  expect([outputs.get("run"), outputs.get("exit-code"), outputs.get("loaded")]).toEqual(["", "2", "0"]);
  expect(JSON.parse(outputs.get("summary") ?? "")).toEqual(summary);
});
