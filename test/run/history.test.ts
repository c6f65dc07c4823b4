// runs and show: what a person learns of runs, and of one that was killed; by what they are found.

import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repository, startChild } from "../support/rig.ts";
import { contactsJob, rehearse } from "./support.ts";

test("a killed run is told as killed, with the command that goes on with it", async () => {
  await using place = await rehearse(contactsJob(), { "inbox/contacts.csv": "id,last,email\n1,Adams,a@x.com\n" });
  place.project.env["LOADLINE_FAILPOINT"] = "committed:1";
  expect((await place.project.run("run", "job.yaml")).signal).toBe("SIGKILL");
  place.project.env["LOADLINE_FAILPOINT"] = undefined;
  const [run = ""] = place.project.list(".loadline/runs");
  const [told] = JSON.parse((await place.project.run("runs", "--json")).stdout) as Record<string, unknown>[];
  expect(told).toMatchObject({ run, status: "killed", next: `loadline resume ${run}` });
  const shown = await place.project.run("show", run);
  expect(shown.stdout).toContain("killed");
  expect(shown.stdout).toMatch(/^ {2}its process ended without a word/m);
  expect(shown.stdout).toMatch(new RegExp(`^Next: loadline resume ${run}$`, "m"));
  expect(shown.stdout).toContain("committed");
  expect((await place.project.run("resume", "--json")).summary()).toMatchObject({ run, status: "loaded" });
  expect((await place.contacts()).size).toBe(1);
  const after = JSON.parse((await place.project.run("runs", "--json")).stdout) as Record<string, unknown>[];
  expect(after).toHaveLength(1);
  expect(after[0]).toMatchObject({ run, status: "loaded" });
});

test("runs are found by job, status, time, an id's beginning and latest; a rehearsal is marked; none is guessed", async () => {
  await using place = await rehearse(contactsJob(), {
    "inbox/contacts.csv": "id,last,email\n1,Adams,a@x.com\n",
    "two.yaml": contactsJob({ top: "guards: { source_rows_min: 5 }" }).replace("name: contacts", "name: two"),
    "gone.yaml": contactsJob().replace("name: contacts", "name: gone").replace("object: Contact", "object: Contct"),
  });
  const { project } = place;
  await project.run("run", "job.yaml");
  await project.run("plan", "two.yaml");
  const stopped = await project.run("run", "two.yaml", "gone.yaml");
  // One of them failed, and says so on stderr, whole; stdout has the results.
  expect(stopped.stderr).toMatch(/Contct[\s\S]*\n {2}next: /);
  expect(stopped.stdout).not.toMatch(/next: |Contct/);
  const ids = async (...flags: string[]) => {
    const { stdout, stderr } = await project.run("runs", "--json", ...flags);
    if (stdout === "") return stderr;
    return (JSON.parse(stdout) as { job: string; command: string }[]).map(({ job, command }) => `${command} ${job}`);
  };
  expect(await ids()).toEqual(["run gone", "run two", "plan two", "run contacts"]);
  expect(await ids("--job", "two")).toEqual(["run two", "plan two"]);
  expect(await ids("--job", "two", "--status", "stopped, failed")).toEqual(["run two"]);
  expect(await ids("--status", "failed", "--since", "2h")).toEqual(["run gone"]);
  expect(await ids("--since", "2999-01-01")).toEqual([]);
  expect(await ids("--since", "yesterday")).toContain("--since yesterday is no time");
  expect(await ids("--status", "failled")).toContain('no run has the status "failled"');
  expect(await ids("--job", "contcats")).toContain("did you mean contacts?");

  const show = async (...args: string[]) => await project.run("show", ...args);
  const last = JSON.parse((await show("latest", "--json")).stdout);
  expect(last).toMatchObject({ job: "gone", status: "failed", why: expect.stringContaining("Contct") });
  const all = (await show("latest")).stdout;
  expect(all).toMatch(/^ {2}✗ .*Contct/m);
  expect(all).toMatch(/^ {6}next: /m);
  expect(all).toMatch(/^Next: loadline /m);
  const two = (await show("--job", "two")).stdout;
  expect(two).toMatch(/two-\w+ {2}stopped/);
  expect(two).toContain("1 row in the source, at least 5 (guards.source_rows_min)");
  const [first = ""] = project.list(".loadline/runs").filter((id) => id.includes("contacts"));
  expect((await show(first.slice(0, -2), "--job", "contacts")).stdout).toContain(`${first}  loaded`);
  expect((await show(first.slice(0, 8))).stderr).toContain(`4 runs begin with ${first.slice(0, 8)}: `);
  expect((await show(first, "--job", "two")).stderr).toContain(`there is no run ${first} of job two`);
  expect((await show()).stderr).toContain("loadline show latest");

  // A pipe has all columns, also those that a narrow screen would lose.
  cpSync(project.path(".loadline"), project.path("copy"), { recursive: true });
  mkdirSync(project.path(".loadline/sandbox"));
  for (const name of ["ledger.db", "ledger.mark", "ledger.db-wal", "runs"])
    if (existsSync(project.path(`copy/${name}`)))
      cpSync(project.path(`copy/${name}`), project.path(`.loadline/sandbox/${name}`), { recursive: true });
  const [titles = "", ...lines] = (await project.run("runs")).stdout.trimEnd().split("\n");
  expect(titles.split(/ {2,}/)).toEqual(
    "run,job,command,where,status,started (UTC),took,loaded,failed,next".split(","),
  );
  expect(lines.map((line) => /sandbox|live/.exec(line)?.[0]).sort()).toEqual([
    ...Array(4).fill("live"),
    ...Array(4).fill("sandbox"),
  ]);

  // What this user may not read is not taken for nothing. In a folder of the system's own: those of tests are private.
  const asAnother = process.getuid?.() === 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
  const [program = "", ...args] = [...asAnother, process.execPath, join(repository, "bin/loadline.js"), "runs"];
  const folder = mkdtempSync("/tmp/loadline-permission-");
  cpSync(project.folder, folder, { recursive: true });
  chmodSync(folder, 0o755);
  for (const [path, mode] of [
    [".loadline/ledger.db", 0o000],
    [".loadline", 0o600],
    [".", 0o000],
  ] as const) {
    chmodSync(join(folder, path), mode);
    const refused = await startChild(program, path === "." ? [...args, "--dir", folder] : args, {
      cwd: path === "." ? "/" : folder,
    }).finished;
    chmodSync(join(folder, path), 0o755);
    expect([path, refused.code, refused.stdout], refused.stderr).toEqual([path, 1, ""]);
    expect(refused.stderr).toMatch(/^no permission: .*\n {2}why: .*\/tmp\/loadline-permission-/);
    expect(refused.stderr).toContain("  next: run as the user whose it is");
  }
  rmSync(folder, { recursive: true });
});
