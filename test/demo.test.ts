// The README's first command does what it says, in a folder of its own; and so does its example job, whose 20,000 contacts
// are a dear load.

import { cpSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunSummary } from "../src/report/summary.ts";
import { createProject, type Finished, type Project, repository, startChild } from "./support/rig.ts";

const script = join(repository, "scripts/demo.ts");
/** Some thirty seconds of an idle machine. */
const msMax = 560_000;

/** A line of a rejects file: the source's columns and ours. */
type Reject = Record<"loadline_error" | "loadline_field" | "loadline_line" | "loadline_file" | "contact_no", string>;

describe("the demo", () => {
  let place: Project;
  let demo: Finished;
  beforeAll(async () => {
    place = createProject();
    const options = { cwd: place.folder, msMax };
    demo = await startChild(process.execPath, [script, place.path("demo")], options).finished;
  });
  afterAll(() => place[Symbol.asyncDispose]());

  const run = (...args: string[]) => place.run(...args, "--dir", place.path("demo"), "--json");

  function loadedFolder(): string {
    return demo.stdout.match(/^ {2}(demo\/.*)\/rejects\/contacts\.csv$/m)?.[1] ?? "";
  }

  function readRejects(stream: string): Reject[] {
    return parse(place.read(`${loadedFolder()}/rejects/${stream}.csv`), { columns: true });
  }

  test("plans, loads, has nothing to do, applies a plan but for what a colleague changed, mends a reject, takes a nightly drop", () => {
    expect(demo.code, demo.stderr).toBe(0);
    const headings = demo.stdout.match(/^── \d/gm);
    expect(headings).toEqual(["── 1", "── 2", "── 3", "── 4", "── 5", "── 6", "── 7", "── 8"]);
    expect(demo.stdout).toMatch(/^ +~ C-115000 +Phone +.+ → \+49 30 5550199$/m);
    expect(demo.stdout).toMatch(/^Held back: C-115000: Phone: the plan saw ".*", now "\+49 40 7654321"\.$/m);
    expect(demo.stdout).toMatch(/^Somebody calls C-\d+: ".*" becomes "asked\.by\.phone@mail\.example"/m);
    expect(demo.stdout).not.toContain("\u001b[");
    expect(`${demo.stdout}${demo.stderr}`).not.toContain("**secret**");
    // The README shows this plan; a part of it, line by line.
    const shown =
      readFileSync(join(repository, "README.md"), "utf8").match(/```\n(\$ loadline plan[\s\S]*?)```/)?.[1] ?? "";
    // How often the org is asked whether it is done is up to the machine.
    const counted = (text: string) => text.replaceAll(/^(forecast: )\d+|\([\d,]+ of/gm, "$1N").split("\n");
    const printed = counted(demo.stdout);
    expect(counted(shown).length).toBeGreaterThan(15);
    expect(counted(shown).filter((line) => !printed.includes(line))).toEqual([]);
  });

  test("vendor-contacts-to-salesforce loads what is good, and rejects the rest by name, where it stands", async () => {
    const shown = JSON.parse((await run("show", loadedFolder().split("/").at(-1) ?? "")).stdout);
    expect(countsOf(shown.summary, "accounts")).toEqual({ extracted: 2000, rejected: 3, creates: 1997, loaded: 1997 });
    expect(countsOf(shown.summary, "contacts")).toEqual({
      extracted: 20_003,
      duplicates: 116,
      rejected: 197,
      creates: 19_690,
      loaded: 19_690,
    });
    expect(shown.summary.exitCode).toBe(0);

    expect(readRejects("accounts").map(({ loadline_error: error = "" }) => error.replace(/ by .*/, ""))).toEqual([
      "is required and has no value",
      expect.stringMatching(/^"Holding und Söhne .*" has 307 characters, at most 255$/),
      'can\'t be computed from revenue = "etwa 3 Mio" (7 letters, 1 digit, 2 blanks)',
    ]);
    const contacts = readRejects("contacts");
    expect(contacts).toHaveLength(197);
    const noAddress = "can't be computed from email = ";
    expect(contacts.filter(({ loadline_error: error }) => error?.includes(noAddress) === true)).toHaveLength(110);
    expect(contacts.filter(({ loadline_error: error }) => error === "the key is blank")).toHaveLength(10);

    // Each says where it stands in what the vendor sent.
    const keyed = contacts.filter(({ contact_no: key }) => key !== "");
    expect(keyed.length).toBeGreaterThan(180);
    const keysThere = keyed.map(({ loadline_file: file, loadline_line: line }) => {
      const lines = readFileSync(join(repository, "fixtures/contacts-vendor", file), "utf8").split("\n");
      return lines[Number(line) - 1]?.split(",")[0];
    });
    expect(keysThere).toEqual(keyed.map(({ contact_no: key }) => key));
  });

  test("vendor-contacts-to-salesforce changes nothing the second time", async () => {
    const runs: { run: string; command: string }[] = JSON.parse((await run("runs")).stdout);
    const loads = runs.filter(
      ({ run: id, command }) => id.includes("vendor-contacts-to-salesforce") && command === "run",
    );
    // The newest has loaded a mended row, the oldest all of them.
    expect(loads).toHaveLength(3);
    const last = loads[1]?.run ?? "";
    const { summary } = JSON.parse((await run("show", last)).stdout);
    expect(countsOf(summary, "accounts")).toEqual({ extracted: 2000, rejected: 3, unchanged: 1997 });
    expect(countsOf(summary, "contacts")).toEqual({
      extracted: 20_003,
      duplicates: 116,
      rejected: 197,
      unchanged: 19_690,
    });
    expect(place.list(`demo/.loadline/sandbox/runs/${last}/batches`)).toEqual([]);
  });
});

function countsOf(summary: RunSummary, stream: string): Record<string, number> {
  const { watermark, rejectReasons, warnings, rejectsPut, presentValues, ...counts } = summary.streams[stream] ?? {
    watermark: null,
    rejectReasons: [],
  };
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}

test("the demo stops with exit code 1 at the first step that is not as announced", async () => {
  await using place = createProject();
  for (const name of [
    "bin",
    "dist",
    "scripts",
    "jobs",
    "fixtures",
    "package.json",
    "connections.yaml",
    "sandbox.yaml",
  ]) {
    cpSync(join(repository, name), place.path(name), { recursive: true });
  }
  symlinkSync(join(repository, "node_modules"), place.path("node_modules"));
  for (const name of ["contacts_north.csv", "contacts_south.csv"]) {
    const path = `fixtures/contacts-vendor/${name}`;
    place.write({ [path]: `${place.read(path).split("\n").slice(0, 100).join("\n")}\n` });
  }
  const demo = await startChild(process.execPath, [place.path("scripts/demo.ts")], { cwd: place.folder }).finished;
  expect(demo.stderr).toMatch(/The demo stops: the plan was to have 19690 creates of contacts, and has \d{2,3}\./);
  expect(demo.code).toBe(1);
  expect(demo.stdout).not.toContain("── 2");
});
