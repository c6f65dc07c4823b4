import { existsSync, readdirSync, symlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createProject, type Project } from "../support/rig.ts";

const hourMs = 3_600_000;
const row = (id: number) => `id,last\n${id},n${id}\n`;

function job(source: string, stream = ""): string {
  return `version: 1
name: take
streams:
  people:
    source: { connection: drop, files: "*.csv"${source} }
    target: { connection: out, files: "people-{run}.csv" }
    map: { Id: id, Name: last }
${stream}`;
}

function createTaking(source: string, files: Record<string, string>): Project {
  const inbox = Object.entries(files).map(([name, text]) => [`inbox/${name}`, text]);
  return createProject({
    "connections.yaml": `version: 1
connections:
  drop: { type: file, path: ./inbox }
  out: { type: file, path: ./out }
`,
    "job.yaml": job(source),
    ...Object.fromEntries(inbox),
  });
}

function age(project: Project, name: string, ms: number): void {
  const time = new Date(Date.now() - ms);
  utimesSync(project.path(`inbox/${name}`), time, time);
}

/** Runs the job and gives its exit code with the rows it has extracted. */
async function take(project: Project, ...args: string[]): Promise<[number | null, number | undefined]> {
  const run = await project.run("run", "job.yaml", "--json", ...args);
  return [run.code, run.summary().streams["people"]?.extracted];
}

describe("once: content_hash", () => {
  test("takes no bytes twice: not by another name, not beside each other; and takes what is new", async () => {
    await using project = createTaking(", once: content_hash", { "a.csv": row(1), "twin.csv": row(1) });
    expect(await take(project)).toEqual([0, 1]);
    expect(await take(project)).toEqual([0, 0]);
    project.write({ "inbox/renamed.csv": row(1), "inbox/b.csv": row(2) });
    expect(await take(project)).toEqual([0, 1]);
    // The same name with other bytes is another file.
    project.write({ "inbox/a.csv": `${row(1)}3,n3\n` });
    expect(await take(project)).toEqual([0, 2]);
    // Nothing new writes no file.
    expect(project.list("out")).toHaveLength(3);
  });

  test("a job of the same name in another file takes by itself, and says so", async () => {
    await using project = createTaking(", once: content_hash", { "a.csv": row(1) });
    project.write({ "copy/job.yaml": job(", once: content_hash") });
    const takeCopy = () => project.run("run", "copy/job.yaml", "--json");
    expect(await take(project)).toEqual([0, 1]);
    const copy = await takeCopy();
    expect(copy.summary().streams["people"]?.extracted).toBe(1);
    expect(copy.stderr).toMatch(
      /people: starts anew, .* by the job \.\.\/job.yaml, and this is\s+\.\.\/copy\/job.yaml/,
    );
    // Each knows its own from then on.
    expect(await take(project)).toEqual([0, 0]);
    expect((await takeCopy()).stderr).not.toContain("starts anew");
  });

  test("a look, and a load of some rows, take nothing", async () => {
    await using project = createTaking(", once: content_hash", { "a.csv": `${row(1)}2,n2\n` });
    expect((await project.run("plan", "job.yaml", "--json")).summary().streams["people"]?.extracted).toBe(2);
    expect(await take(project, "--limit", "1")).toEqual([0, 2]);
    expect(await take(project)).toEqual([0, 2]);
    expect(await take(project)).toEqual([0, 0]);
  });

  test("a run that was killed before it settled has taken nothing, one that was killed after it has", async () => {
    await using project = createTaking(", once: content_hash", { "a.csv": row(1) });
    const kill = (place: string) =>
      project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: `${place}:1` } }).finished;
    expect((await kill("planned")).signal).toBe("SIGKILL");
    expect((await kill("checkpointed")).signal).toBe("SIGKILL");
    expect(await take(project)).toEqual([0, 0]);
  });

  test("does not go with mode mirror", async () => {
    await using project = createTaking(", once: content_hash", {});
    project.write({
      "job.yaml": job(", once: content_hash").replace(
        'files: "people-{run}.csv"',
        "object: Contact, key: Id, mode: mirror",
      ),
    });
    const refused = await project.run("check", "job.yaml");
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("once does not go with mode mirror")]);
  });
});

describe("after", () => {
  test("move puts a file away once it is loaded, beside one of the same name; delete deletes it", async () => {
    await using project = createTaking(", after: { move: done }", { "a.csv": row(1) });
    expect(await take(project)).toEqual([0, 1]);
    expect([project.list("inbox"), project.list("inbox/done")]).toEqual([["done"], ["a.csv"]]);
    project.write({ "inbox/a.csv": row(2) });
    expect(await take(project)).toEqual([0, 1]);
    expect([project.list("inbox/done"), project.read("inbox/done/a.csv"), project.read("inbox/done/a.2.csv")]).toEqual([
      ["a.2.csv", "a.csv"],
      row(1),
      row(2),
    ]);
    expect(await take(project)).toEqual([0, 0]);
    project.write({ "inbox/a.csv": row(3), "job.yaml": job(", after: { delete: true }") });
    expect(await take(project)).toEqual([0, 1]);
    expect(project.list("inbox")).toEqual(["done"]);
    // A link is moved as one, and leads where it led.
    project.write({ "inbox/a.txt": row(4), "job.yaml": job(", after: { move: done }") });
    symlinkSync("a.txt", join(project.folder, "inbox/a.csv"));
    expect(await take(project)).toEqual([0, 1]);
    expect([project.list("inbox"), project.read("inbox/done/a.3.csv")]).toEqual([["a.txt", "done"], row(4)]);
  });

  test("files of one name, and of names that they get for it, all find a place", async () => {
    const content: Record<string, string> = {};
    for (let index = 1; index <= 12; index += 1) content[`${index}/a.csv`] = row(index);
    content["1/a.2.csv"] = row(13);
    await using project = createTaking(", after: { move: done }", content);
    project.write({ "job.yaml": job(", after: { move: done }").replace("*.csv", "*/*.csv") });
    project.write({ "inbox/done/1/a.csv": "before\n" });
    expect(await take(project)).toEqual([0, 13]);
    expect(project.read("inbox/done/1/a.csv")).toBe("before\n");
    // Which of the two is first is nobody's business.
    const moved = project.list("inbox/done/1").map((name) => project.read(`inbox/done/1/${name}`));
    expect(moved.sort()).toEqual(["before\n", row(1), row(13)].sort());
  });

  test("a folder inside the glob is not taken from again", async () => {
    await using project = createTaking("", {});
    project.write({ "inbox/x/a.csv": row(1), "job.yaml": job(", after: { move: done }").replace("*.csv", "**/*.csv") });
    expect(await take(project)).toEqual([0, 1]);
    expect(project.list("inbox/done/x")).toEqual(["a.csv"]);
    expect(await take(project)).toEqual([0, 0]);
  });

  test("a run that was killed as it moved its files is finished by the next: each is loaded once and moved", async () => {
    const source = ", once: content_hash, after: { move: done }";
    await using project = createTaking(source, { "a.csv": row(1), "b.csv": row(2) });
    for (const place of ["checkpointed", "settled-file", "acknowledged"]) {
      const env = { LOADLINE_FAILPOINT: `${place}:1` };
      const killed = await project.start(["run", "job.yaml"], { env }).finished;
      expect([place, killed.signal]).toEqual([place, "SIGKILL"]);
      project.write({ "inbox/c.csv": row(3) });
    }
    const next = await project.run("run", "job.yaml");
    expect(next.code).toBe(0);
    expect([project.list("inbox"), project.list("inbox/done")]).toEqual([["done"], ["a.csv", "b.csv", "c.csv"]]);
    const written = project.list("out").map((name) => project.read(`out/${name}`));
    expect(written.sort()).toEqual(["Id,Name\n1,n1\n2,n2\n", "Id,Name\n3,n3\n"]);
  });

  test("a file that was replaced after it was loaded is left for the next run; a failed load moves nothing", async () => {
    await using project = createTaking(", after: { move: done }", { "a.csv": row(1) });
    const env = { LOADLINE_FAILPOINT: "checkpointed:1" };
    expect((await project.start(["run", "job.yaml"], { env }).finished).signal).toBe("SIGKILL");
    project.write({ "inbox/a.csv": `${row(2)}3,n3\n` });
    expect((await project.run("resume")).code).toBe(0);
    expect([project.list("inbox"), existsSync(project.path("inbox/done"))]).toEqual([["a.csv"], false]);
    project.write({
      "job.yaml": `${job(", after: { move: done }")}    validate: [ { field: Name, max_length: 1 } ]\n`,
    });
    expect((await project.run("run", "job.yaml")).code).toBe(4);
    expect(project.list("inbox")).toEqual(["a.csv"]);
  });
});

describe("ready", () => {
  test("stable_for waits for files that were just changed", async () => {
    await using project = createTaking(", ready: { stable_for: 1h }", { "old.csv": row(1), "new.csv": row(2) });
    age(project, "old.csv", 2 * hourMs);
    const run = await project.run("run", "job.yaml", "--json");
    expect([run.code, run.summary().streams["people"]?.extracted]).toEqual([0, 1]);
    expect(run.stderr).toContain("new.csv is not ready");
  });

  test("done_file takes a file beside which it lies, and goes where its file goes", async () => {
    const source = ", ready: { done_file: '{stem}.done' }, after: { move: done }";
    await using project = createTaking(source, { "a.csv": row(1), "a.done": "", "b.csv": row(2) });
    expect(await take(project)).toEqual([0, 1]);
    expect([project.list("inbox"), project.list("inbox/done")]).toEqual([
      ["b.csv", "done"],
      ["a.csv", "a.done"],
    ]);
    expect(await take(project)).toEqual([0, 0]);
  });

  test("a manifest names what is complete: its sizes, hashes and rows hold", async () => {
    const csv = (text: string) => ({ "inbox/manifest.csv": text });
    await using project = createTaking(", ready: { manifest: manifest.csv }", { "a.csv": row(1), "b.csv": row(2) });
    expect(await take(project)).toEqual([0, 0]);
    project.write(csv("name,rows,bytes,sha256\na.csv,1,13,\n"));
    expect(await take(project)).toEqual([0, 1]);
    project.write(csv("name,bytes\na.csv,99\n"));
    const size = await project.run("run", "job.yaml");
    expect([size.code, size.stderr]).toEqual([4, expect.stringContaining("13 bytes, its manifest says 99")]);
    project.write(csv("name,rows\na.csv,7\n"));
    const rows = await project.run("run", "job.yaml");
    expect([rows.code, rows.stderr]).toEqual([1, expect.stringContaining("7 records promised, 1 arrived")]);
    project.write(csv(`name,sha256\na.csv,${"0".repeat(64)}\n`));
    const hash = await project.run("run", "job.yaml");
    expect([hash.code, hash.stderr]).toEqual([1, expect.stringContaining("not what its manifest says")]);
    project.write(csv("name\nmissing.csv\n"));
    expect((await project.run("run", "job.yaml")).stderr).toContain(
      "the manifest lists missing.csv, which is not there",
    );
    project.write(csv('{"files": [{"name": "b.csv", "rows": 1}]}'));
    expect(await take(project)).toEqual([0, 1]);
    project.write(csv("nothing here"));
    expect((await project.run("run", "job.yaml")).stderr).toContain("the manifest can't be read");
  });
});

test("order: time takes the oldest first, so that the last word of a key is the newest", async () => {
  const dedupe = "    dedupe: { by: [Id], keep: last }\n";
  await using project = createTaking("", { "a.csv": "id,last\n1,newer\n", "b.csv": "id,last\n1,older\n" });
  age(project, "b.csv", hourMs);
  const lastWord = async (source: string) => {
    project.write({ "job.yaml": job(source, dedupe).replace('files: "people-{run}.csv"', "files: out.csv, key: Id") });
    expect((await project.run("run", "job.yaml")).code).toBe(0);
    return project.read("out/out.csv");
  };
  expect(await lastWord("")).toBe("Id,Name\n1,older\n");
  expect(await lastWord(", order: time")).toBe("Id,Name\n1,newer\n");
});

test("max_age stops where the feed has dried up, also when its last files were moved away", async () => {
  await using project = createTaking(", max_age: 1h, after: { move: done }", { "a.csv": row(1) });
  expect(await take(project)).toEqual([0, 1]);
  // Taken within the hour: there need not be a new one yet.
  expect(await take(project)).toEqual([0, 0]);
  project.write({ "inbox/b.csv": row(2) });
  age(project, "b.csv", 2 * hourMs);
  project.write({ "job.yaml": job(", max_age: 1h").replace("name: take", "name: another") });
  const old = await project.run("run", "job.yaml");
  expect([old.code, old.stderr]).toEqual([4, expect.stringContaining("young enough (source.max_age)")]);
  project.write({
    "job.yaml": job(", max_age: 1h").replace("name: take", "name: another").replace("*.csv", "none.csv"),
  });
  expect((await project.run("run", "job.yaml")).code).toBe(4);
  expect(readdirSync(project.path("out"))).toHaveLength(1);
});
