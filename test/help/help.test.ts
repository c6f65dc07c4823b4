// `loadline help`: what a person may ask for, and what is said to a name that is none.

import { expect, test } from "vitest";
import { listFunctions, topics } from "../../src/help/topics.ts";
import { repository, runLoadline } from "../support/child.ts";

const here = { cwd: repository, env: {} };
const help = (...words: string[]) => runLoadline(["help", ...words], here).finished;

test("each topic is read from its document, and is laid out for a terminal", async () => {
  for (const name of Object.keys(topics)) {
    const { stdout, stderr, code } = await help(name);
    expect({ name, stderr, code }).toEqual({ name, stderr: "", code: 0 });
    expect(stdout.split("\n").length, name).toBeGreaterThan(5);
    expect(stdout, name).not.toMatch(/^\||\]\((?:https|[a-z-]+\.md|#)/m);
  }
  const codes = await help("exit-codes");
  expect(codes.stdout).toMatch(/^ {2}75 {3}remote unavailable or a limit reached/m);
  const list = await help();
  for (const name of Object.keys(topics)) expect(list.stdout).toMatch(new RegExp(`^  ${name} `, "m"));
});

test("a function is told with signature, example and result, a key of a file with those below it, a command as by --help", async () => {
  const asked = await help("split_part");
  expect(asked.stdout).toBe(`split_part(text, separator, index)

one part, from 1; empty where there is none

    split_part('Lee, Ann', ', ', 2)
    → Ann
`);
  expect((await help("~~")).stdout).toContain("text LIKE pattern");
  const all = (await help("functions")).stdout;
  for (const { signature } of listFunctions()) expect(all).toContain(`  ${signature}\n`);
  const phone = (await help("phone")).stdout;
  for (const said of ["phone(text, country [, form])", "It takes one number", "→ +4930901820"])
    expect(phone).toContain(said);
  const keys = (await help("guards")).stdout;
  for (const key of ["guards", "guards.changed", "guards.source_rows_min"]) expect(keys).toContain(`  ${key}\n`);
  // A function and a key have this name.
  const both = (await help("map")).stdout;
  expect(both).toContain("map(keys, values)");
  expect(both).toContain("  map.*.on_null\n");
  expect((await help("connections", "test")).stdout).toBe(
    (await runLoadline(["connections", "test", "--help"], here).finished).stdout,
  );
  const json = await runLoadline(["help", "json", "--json"], here).finished;
  expect(JSON.parse(json.stdout)).toMatchObject({ topic: "json", exitCode: 0 });
});

test("a name that is none is refused, with the one that was meant", async () => {
  for (const [wrong, meant] of Object.entries({ spilt_part: "split_part", exitcodes: "exit-codes", rnu: "run" })) {
    const { stderr, code } = await help(wrong);
    expect(stderr).toBe(`there is no help about ${wrong}\n  next: did you mean ${meant}? loadline help ${meant}\n`);
    expect(code).toBe(2);
  }
  expect((await help("weather", "tomorrow")).stderr).toContain("next: loadline help lists the topics");
});
