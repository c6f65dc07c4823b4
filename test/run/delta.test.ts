// Mode delta: a file with what changed since the last run. Each date of a feed is run after the other; what a reader of
// all the files so far knows must be what the feed said last.

import { rmSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import fc from "fast-check";
import { expect, test } from "vitest";
import { casesOf } from "../support/cases.ts";
import { createProject, type Project } from "../support/rig.ts";

const connections =
  "version: 1\nconnections:\n  drop: { type: file, path: ./inbox }\n  out: { type: file, path: ./out }\n";

function deltaJob(target = "", map = "{ Id: id, Name: name, Note: note }"): string {
  return `version: 1
name: export
streams:
  people:
    source: { connection: drop, files: "people.csv" }
    target: { connection: out, files: "people.csv", key: Id, mode: delta${target} }
    map: ${map}
rejects: { max: 100% }
`;
}

function createFeed(job = deltaJob()): Project {
  return createProject({ "connections.yaml": connections, "job.yaml": job, "out/.keep": "" });
}

async function deliver(project: Project, rows: string, ...flags: string[]) {
  project.write({ "inbox/people.csv": `id,name,note\n${rows}` });
  const run = await project.run("run", "job.yaml", "--json", ...flags);
  expect(run.code, run.stderr).toBe(0);
  return run.summary().streams["people"];
}

/** A blank cell is mapped to empty text, and `""` to the same. */
const first = "1,Ada,x\n2,Bob,\n3,Cem,z\n";

test("the first run writes all rows, the next those that are new or changed, whole, and then none", async () => {
  await using project = createFeed();
  expect(await deliver(project, first)).toMatchObject({ creates: 3, updates: 0, unchanged: 0, loaded: 3 });
  expect(project.read("out/people.csv")).toBe('Id,Name,Note\n1,Ada,x\n2,Bob,""\n3,Cem,z\n');
  const changed = "4,Dee,\n1,Ada,\n2,Bo,\n3,Cem,z\n";
  project.write({ "inbox/people.csv": `id,name,note\n${changed}` });
  const plan = await project.run("plan", "job.yaml");
  expect(plan.stdout.replaceAll(/\s+/g, " ")).toContain("present values: 3 rows written before");
  expect(plan.stdout).toMatch(/Name +Bob +→ +Bo/);
  expect(await deliver(project, changed)).toMatchObject({ creates: 1, updates: 2, unchanged: 1, loaded: 3 });
  expect(project.read("out/people.csv")).toBe('Id,Name,Note\n4,Dee,""\n1,Ada,""\n2,Bo,""\n');
  expect(await deliver(project, changed)).toMatchObject({ creates: 0, updates: 0, unchanged: 4, loaded: 0 });
  expect(project.read("out/people.csv")).toBe("Id,Name,Note\n");
  expect(project.list(".loadline/delivered")).toHaveLength(1);
});

test("a row that the feed leaves out, or that is rejected, stays as it was delivered", async () => {
  await using project = createFeed(
    deltaJob().replace("rejects:", "    validate: [ { field: Name, required: true } ]\nrejects:"),
  );
  await deliver(project, first);
  expect(await deliver(project, "1,,x\n2,Bob,\n")).toMatchObject({ rejected: 1, unchanged: 1, loaded: 0 });
  expect(await deliver(project, first)).toMatchObject({ unchanged: 3, loaded: 0 });
});

test("some rows of a feed are delivered, and the others by the next run", async () => {
  await using project = createFeed();
  expect(await deliver(project, first, "--limit", "2")).toMatchObject({ loaded: 2 });
  expect(await deliver(project, first)).toMatchObject({ creates: 1, unchanged: 2, loaded: 1 });
});

test("a field that is mapped anew makes the rows that have it come again; another key makes all come", async () => {
  await using project = createFeed(deltaJob("", "{ Id: id, Name: name }"));
  await deliver(project, first);
  project.write({ "job.yaml": deltaJob("", "{ Id: id, Name: name, Note: \"nullif(note, '')\" }") });
  expect(await deliver(project, first)).toMatchObject({ creates: 0, updates: 2, unchanged: 1 });
  project.write({ "job.yaml": deltaJob().replace("key: Id", "key: [Id, Name]") });
  expect(await deliver(project, first)).toMatchObject({ creates: 3 });
  project.write({ "job.yaml": deltaJob().replace("people:", "others:") });
  const run = await project.run("run", "job.yaml", "--json");
  expect(run.summary().streams["others"]).toMatchObject({ creates: 3 });
});

test("fields may be called as columns of a plan are", async () => {
  const names = "Id key row version part position action before after changed _id _row _state _hash _kept c:Id".split(
    " ",
  );
  const map = names.map((name) => `${JSON.stringify(name)}: ${name === "Id" ? "id" : "note"}`);
  await using project = createFeed(deltaJob("", `{ ${map.join(", ")} }`));
  await deliver(project, first);
  expect(await deliver(project, "1,Ada,x\n2,Bob,y\n")).toMatchObject({ updates: 1, unchanged: 1 });
  const cells = names.map((name) => (name === "Id" ? "2" : "y"));
  expect(project.read("out/people.csv")).toBe(`${names.join(",")}\n${cells.join(",")}\n`);
  project.write({ "job.yaml": deltaJob("", "{ Id: id, _Row_: name }") });
  const refused = await project.run("check", "job.yaml");
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('a field can\'t be called "_Row_"')]);
});

test("a job of the same name in another file starts anew, and neither forgets", async () => {
  await using project = createFeed();
  await deliver(project, first);
  project.write({ "copy/job.yaml": deltaJob() });
  const copy = await project.run("run", "copy/job.yaml", "--json");
  expect(copy.summary().streams["people"]).toMatchObject({ creates: 3, unchanged: 0 });
  expect(copy.stderr).toContain("people: starts anew");
  expect(await deliver(project, first)).toMatchObject({ creates: 0, unchanged: 3 });
});

test("where what was delivered is lost, all rows come again, with a warning", async () => {
  await using project = createFeed();
  await deliver(project, first);
  rmSync(project.path(".loadline/delivered"), { recursive: true });
  project.write({ "inbox/people.csv": `id,name,note\n${first}` });
  const run = await project.run("run", "job.yaml", "--json");
  expect(run.summary().streams["people"]).toMatchObject({ creates: 3 });
  expect(run.stderr).toContain("what was written to people.csv before is not known any more");
});

test("a run that is killed at step after step, each time taken up by run, delivers each change once", async () => {
  await using project = createFeed(deltaJob().replace('files: "people.csv", key', 'files: "people-{run}.csv", key'));
  await deliver(project, first);
  project.write({ "inbox/people.csv": `id,name,note\n1,Ada,x\n2,Bo,\n3,Cem,z\n4,Dee,\n` });
  for (const step of ["uploaded", "committed", "delivered", "checkpointed"]) {
    const env = { LOADLINE_FAILPOINT: `${step}:1` };
    const killed = await project.start(["run", "job.yaml"], { env }).finished;
    expect({ step, signal: killed.signal }).toEqual({ step, signal: "SIGKILL" });
  }
  expect((await project.run("run", "job.yaml")).code).toBe(0);
  expect((await project.run("run", "job.yaml")).code).toBe(0);
  const files = project.list("out").filter((name) => name.startsWith("people"));
  const rows = files.flatMap((name) => parse(project.read(`out/${name}`), { from_line: 2 }) as string[][]);
  expect(rows.map(([id, name]) => `${id} ${name}`).sort()).toEqual(["1 Ada", "2 Bo", "2 Bob", "3 Cem", "4 Dee"]);
});

const cell = fc.constantFrom("", "a", "A", 'ä, "q"\n', "#N/A", "NULL", "01");
const feed = fc.uniqueArray(fc.tuple(fc.constantFrom("1", "2", "3", "x", "X"), cell, cell), { selector: ([id]) => id });

test("a reader of all files knows what the feed said last", { timeout: 300_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(feed, { minLength: 2, maxLength: 4 }), async (feeds) => {
      await using project = createFeed();
      const expected = new Map<string, string[]>();
      const known = new Map<string, string[]>();
      for (const rows of feeds) {
        for (const [id, name, note] of rows) expected.set(id, [name, note]);
        await deliver(project, stringify(rows));
        for (const [id = "", ...rest] of parse(project.read("out/people.csv"), { from_line: 2 }) as string[][]) {
          expect(known.get(id)).not.toEqual(rest);
          known.set(id, rest);
        }
        expect(known).toEqual(expected);
      }
    }),
    { numRuns: casesOf(12) },
  );
});
