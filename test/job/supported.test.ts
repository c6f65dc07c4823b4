import { describe, expect, test } from "vitest";
import { Diagnostics } from "../../src/job/diagnostics.ts";
import { jobShape } from "../../src/job/schema.ts";
import { checkShape } from "../../src/job/schema-issues.ts";
import { unsupportedInStream } from "../../src/job/supported.ts";
import { parseYaml, readSource } from "../../src/job/yaml-document.ts";
import { futureJob } from "./examples.ts";
import { jobText, refusalOfJob, writeFile } from "./rig.ts";

/** The place and message lines of a refusal. */
const headlines = (refusal: string) => refusal.split("\n").filter((line) => /^\w+\.yaml:/.test(line));

describe("what is not built yet", () => {
  test("is known to the schema", () => {
    const diagnostics = new Diagnostics(readSource(writeFile("future.yaml", futureJob)));
    checkShape(jobShape, parseYaml(diagnostics, { extensions: true }), diagnostics);
    expect(() => diagnostics.throwIfAny()).not.toThrow();
  });

  test.each(unsupportedInStream)("is refused in a job: $path $value", ({ path, value }) => {
    const key = path.split(".").at(-1);
    const what = value === undefined ? key : `${key}: ${value}`;
    expect(
      headlines(refusalOfJob(futureJob)).filter((line) => line.endsWith(`: ${what} is not supported yet`)),
    ).not.toEqual([]);
  });

  test("is refused in the defaults too, at its place", () => {
    const text = jobText({ job: "defaults:\n  map: { Name: { lookup: { miss: create } } }\n" });
    expect(refusalOfJob(text)).toContain(`job.yaml:11:34: miss: create is not supported yet
  11 |   map: { Name: { lookup: { miss: create } } }
     |                                  ~~~~~~`);
  });

  test("is told beside a typo in the same file", () => {
    const refusal = refusalOfJob(
      jobText({
        job: "defaults: { map: { Name: { lookup: { object: User, key: Email, from: x, miss: create } } } }\ngaurds: {}\n",
      }),
    );
    expect(headlines(refusal)).toEqual([
      "job.yaml:10:79: miss: create is not supported yet",
      'job.yaml:11:1: unknown key "gaurds"',
    ]);
  });
});
