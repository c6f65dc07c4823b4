// The documents are true: commands and flags are those of --help, codes and counts those of the program, links lead
// somewhere, the README's job is one that runs.

import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { exitCode } from "../src/core/exit-code.ts";
import { noCounts } from "../src/core/model.ts";
import { manuals } from "../src/help/manual.ts";
import { runLoadline } from "./support/child.ts";
import { createProject, repository } from "./support/rig.ts";

const read = (path: string) => readFileSync(join(repository, path), "utf8");
const documents = globSync(["*.md", "docs/**/*.md"], { cwd: repository }).sort();
const commandsPage = read("docs/commands.md");

async function helpOf(...command: string[]): Promise<string> {
  const { stdout, code } = await runLoadline([...command, "--help"], { cwd: repository, env: {} }).finished;
  expect(code).toBe(0);
  return stdout;
}

/** The part of a page below a heading, up to the next one. */
function sectionOf(page: string, heading: string): string {
  return page.split(/^## /m).find((section) => section.startsWith(`${heading}\n`)) ?? "";
}

/** First cells of the tables in a section, without their backticks. */
function firstCells(section: string): string[] {
  return [...section.matchAll(/^\| (.+?) \|/gm)].map(([, cell = ""]) => cell.replaceAll("`", "")).slice(1);
}

/** `--limit <n>` and the like, as commander lists them; not those of the commands above it. */
function optionsIn(help: string): string[] {
  const [own = ""] = help.split("\nGlobal Options:");
  return [...own.matchAll(/^ {2}((?:-\w, )?--[\w-]+(?: (?:<[\w-]+>|\[[\w-]+\]))?)/gm)].map(([, option = ""]) => option);
}

describe("docs/commands.md", () => {
  test("has the program's options", async () => {
    const documented = firstCells(sectionOf(commandsPage, "Options of every command"));
    expect(documented.sort()).toEqual(optionsIn(await helpOf()).sort());
  });

  test("has every command with all of its options, and no other", async () => {
    const listed = [
      ...(await helpOf()).matchAll(/^ {2}([a-z]+)(?: \[options\])?( (?:<.+?>|\[.+?\])(?: \[.+?\])?)? {2,}/gm),
    ];
    const commands = listed.map(([, name = "", argument = ""]) => ({ name, heading: `${name}${argument}` }));
    expect(commands.length).toBeGreaterThan(5);
    const headings = [...commandsPage.matchAll(/^## ([a-z]+.*)$/gm)].map(([, heading]) => heading);
    expect(headings.sort()).toEqual(commands.map(({ heading }) => heading).sort());
    for (const { name, heading } of commands) {
      const options = optionsIn(await helpOf(name)).filter((option) => option !== "-h, --help");
      const documented = firstCells(sectionOf(commandsPage, heading));
      expect({ name, options: documented.sort() }).toEqual({ name, options: options.sort() });
    }
  });

  test("is told by --help too: examples that the program takes, exit codes, and options of every command", async () => {
    const listed = [...(await helpOf()).matchAll(/^ {2}([a-z]+)(?: .*)? {2,}/gm)].map(([, name = ""]) => name);
    expect(Object.keys(manuals).filter((name) => !name.includes(" "))).toEqual(expect.arrayContaining(listed));
    const ofProgram = optionsIn(await helpOf());
    for (const [name, { examples }] of Object.entries(manuals)) {
      const help = await helpOf(...name.split(" "));
      for (const option of ofProgram.filter((one) => !one.startsWith("-h"))) expect(help, name).toContain(option);
      expect(help, name).toMatch(/^Examples:\n {2}loadline [\s\S]*^Exit codes:\n {2}0 {4}done/m);
      for (const [command] of examples) {
        expect(` ${command} `, name).toContain(` ${name} `);
        for (const [flag] of command.matchAll(/--[\w-]+/g))
          expect(help, command).toMatch(new RegExp(`^ +${flag}\\b`, "m"));
      }
    }
  });

  test("has every exit code and no other", () => {
    const codes = firstCells(sectionOf(commandsPage, "Exit codes")).map(Number);
    expect(codes).toEqual(Object.values(exitCode).sort((left, right) => left - right));
  });

  test("has an example of the JSON summary with every key that the program prints, and counts that add up", async () => {
    const text = sectionOf(commandsPage, "The JSON summary").match(/^( {4}.*\n)+/m)?.[0] ?? "";
    const example = JSON.parse(text);
    const counts = example.streams.contacts;
    expect(Object.keys(counts)).toEqual([...Object.keys(noCounts()), "watermark", "rejectReasons"]);
    const reasons: { count: number }[] = counts.rejectReasons;
    expect(reasons.reduce((sum, { count }) => sum + count, 0)).toBeLessThanOrEqual(counts.rejected + counts.failed);
    const { extracted, filtered, duplicates, rejected, unmatched, conflicts, unchanged } = counts;
    const { creates, updates, deletes, mirrorDeletes, loaded, failed, inDoubt } = counts;
    const changes = creates + updates + deletes;
    expect(extracted).toBe(filtered + duplicates + rejected + unmatched + conflicts + unchanged + changes);
    expect(loaded + failed + inDoubt).toBe(changes + mirrorDeletes);
    await using project = createProject({ "connections.yaml": "version: 1\nconnections: {}\n" });
    const { error, ...printed } = { error: undefined, ...(await project.run("plan", "none.yaml", "--json")).summary() };
    expect(Object.keys(printed).sort()).toEqual(Object.keys(example).sort());
    expect(error).toBeDefined();
  });
});

describe("README.md", () => {
  const readme = read("README.md");

  test("shows a job that check passes against the sandbox", async () => {
    const job = readme.match(/```yaml\n([\s\S]*?)```/)?.[1] ?? "";
    await using project = createProject({
      "jobs/readme.yaml": job,
      "connections.yaml": read("connections.yaml"),
      "sandbox.yaml": read("sandbox.yaml"),
    });
    for (const name of ["contacts_north.csv", "contacts_south.csv"]) {
      project.write({ [`fixtures/contacts-vendor/${name}`]: read(`fixtures/contacts-vendor/${name}`) });
    }
    const checked = await project.run("check", "jobs/readme.yaml", "--sandbox");
    expect(checked.stderr).toBe("");
    expect(checked.code).toBe(0);
  });

  test("names exit codes as docs/commands.md does", () => {
    const sentence = readme.match(/^Exit codes are.*$/m)?.[0] ?? "";
    const named = [...sentence.matchAll(/\b\d+\b/g)].map(([code]) => Number(code));
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((code) => !(Object.values(exitCode) as number[]).includes(code))).toEqual([]);
  });
});

describe("every document", () => {
  const scripts = Object.keys((JSON.parse(read("package.json")) as { scripts: object }).scripts);

  test("names only scripts that there are", () => {
    const named = documents.flatMap((path) =>
      [...read(path).matchAll(/npm run (?:-s )?([\w:-]+)/g)].map(([, script = ""]) => ({ path, script })),
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter(({ script }) => !scripts.includes(script))).toEqual([]);
  });

  test("has links that lead to files and headings", () => {
    const links = documents.flatMap((path) =>
      [...read(path).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => ({ path, link })),
    );
    expect(links.length).toBeGreaterThan(20);
    expect(links.filter(({ path, link }) => !/^https:/.test(link) && !leads(path, link))).toEqual([]);
  });

  function leads(from: string, link: string): boolean {
    const [file = "", heading] = link.split("#");
    const target = file === "" ? from : join(dirname(from), file);
    if (!existsSync(join(repository, target))) return false;
    if (heading === undefined) return true;
    const anchors = [...read(target).matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) => anchorOf(title));
    return anchors.includes(heading);
  }

  function anchorOf(title: string): string {
    return title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} -]/gu, "")
      .replaceAll(" ", "-");
  }
});
