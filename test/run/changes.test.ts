// plan --all and show --changes: every change, as text, JSON Lines and CSV, without what is redacted.

import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { repository } from "../support/rig.ts";
import { contactsJob, rehearse } from "./support.ts";

const job = contactsJob({ mode: "mirror", top: "guards: { deletes: 100 }\nredact: [Email]" });
const csv = (rows: readonly string[]) => `id,last,email\n${rows.join("\n")}\n`;
const first = Array.from({ length: 30 }, (_, index) => `K${index},Name ${index},n${index}@x.com`);

interface Change {
  stream: string;
  action: string;
  key: string;
  id: string | null;
  fields: Record<string, { before: string | null; after: string | null }>;
}

test("every change is listed, by plan --all and from the kept plan, and no value of a redacted field", async () => {
  await using place = await rehearse(job, { "inbox/contacts.csv": csv(first) });
  const { project } = place;
  await project.run("run", "job.yaml");
  // Ten go, ten change, ten come, ten stay as they are.
  const changed = first.slice(10, 20).map((_, index) => `K${index + 10},"A, ""new"" ${index}",other${index}@x.com`);
  const come = Array.from({ length: 10 }, (_, index) => `N${index},New ${index},\u202Enew${index}@x.com`);
  project.write({ "inbox/contacts.csv": csv([...changed, ...first.slice(20), ...come]) });

  const plan = await project.run("plan", "job.yaml", "--all");
  expect(plan.code, plan.stderr).toBe(0);
  expect(plan.stdout).toMatch(/^plan {2}\S+\n\ncontacts → salesforce Contact\n/);
  const marks = plan.stdout.match(/^ {2}[+~-] {1,2}[A-Z]\d+ /gm) ?? [];
  expect(["+", "~", "-"].map((sign) => marks.filter((mark) => mark.includes(`${sign} `)).length)).toEqual([10, 10, 10]);
  expect(plan.stdout).toMatch(
    /\nPlan: 10 to create, 10 to update, 10 to delete, 10 unchanged\.\n(.*\n)*Next: loadline run/,
  );
  expect(plan.stdout).not.toContain("more to");

  const run = basename(project.runFolders().at(-1) ?? "");
  const show = async (...flags: string[]) => await project.run("show", run, "--changes", ...flags);
  const lines = (await show("--json")).stdout.trimEnd().split("\n");
  const changes = lines.map((line) => JSON.parse(line) as Change);
  const of = (wanted: string) => changes.filter(({ action }) => action === wanted);
  expect([of("create").length, of("update").length, of("delete").length, changes.length]).toEqual([10, 10, 10, 30]);
  expect(changes.every((change) => Object.keys(change).join() === "stream,action,key,id,fields")).toBe(true);
  expect(of("create")[3]).toEqual({
    stream: "contacts",
    action: "create",
    key: "N3",
    id: null,
    fields: {
      Ext__c: { before: null, after: "N3" },
      LastName: { before: null, after: "New 3" },
      Email: { before: null, after: "•••" },
    },
  });
  expect(of("update")[0]).toMatchObject({
    key: "K10",
    id: expect.stringMatching(/^003/),
    fields: { LastName: { before: "Name 10", after: 'A, "new" 0' }, Email: { before: "•••", after: "•••" } },
  });
  expect(of("delete")[0]?.fields["LastName"]).toEqual({ before: "Name 0", after: null });

  const table: string[][] = parse((await show("--csv", "--stream", "contacts")).stdout);
  expect(table[0]).toEqual(["stream", "action", "key", "id", "field", "before", "after"]);
  expect(table.length - 1).toBe(changes.reduce((sum, { fields }) => sum + Object.keys(fields).length, 0));
  expect(table.find(([, action, key]) => action === "update" && key === "K10")?.slice(4)).toEqual([
    "LastName",
    "Name 10",
    'A, "new" 0',
  ]);
  const text = (await show()).stdout;
  expect(text).toMatch(/^contacts → salesforce Contact: 10 to create, 10 to update, 10 to delete\n/);
  for (const shown of [plan.stdout, lines.join("\n"), text, table.join("\n")]) expect(shown).not.toContain("@x.com");

  // What can't be done is said.
  const refusals = [
    [["show", run, "--csv"], "--csv goes with --changes"],
    [["show", run, "--stream", "contacts"], "--stream goes with --changes"],
    [["show", run, "--changes", "--stream", "nope"], `run ${run} has no stream nope\n  next: streams: contacts`],
    [["show", run, "--changes", "--csv", "--json"], "only one can be printed"],
    [["plan", "job.yaml", "--all", "--json"], "loadline show latest --changes --json"],
    [["run", "job.yaml", "--all"], "add --dry-run"],
    [["run", "job.yaml", "--detailed-exitcode"], "add --dry-run"],
  ] as const;
  for (const [args, said] of refusals) {
    const refused = await project.run(...args);
    expect([args, refused.code, refused.stderr]).toEqual([args, 2, expect.stringContaining(said)]);
  }

  // On a terminal it is paged, by whatever PAGER says, and a terminal alone is.
  const onTerminal = (pager: string, ...args: string[]) => {
    const command = [process.execPath, join(repository, "bin/loadline.js"), ...args].join(" ");
    const env = { ...process.env, PAGER: pager, TERM: "xterm" };
    return execFileSync("script", ["-qec", command, "/dev/null"], { cwd: project.folder, env, encoding: "utf8" });
  };
  expect(onTerminal("head -n 1", "show", run, "--changes", "--no-color")).toMatch(
    /^contacts → salesforce Contact: [^\n]*\r\n$/,
  );
  expect(onTerminal("sed s/^/paged:/", "show", run, "--changes", "--json").split("\r\n")[0]).toBe(`paged:${lines[0]}`);
  expect(onTerminal("", "show", run, "--changes", "--json").trimEnd().split("\r\n")).toEqual(lines);
  expect((await project.run("show", run, "--changes", "--json")).stdout).not.toContain("paged:");

  rmSync(project.path(`.loadline/runs/${run}`), { recursive: true });
  const gone = await show();
  expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining("its folder was deleted (keep.runs")]);
});
