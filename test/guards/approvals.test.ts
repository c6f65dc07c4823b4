// An approval is of one plan, as it was looked at: nothing else passes by it, and nothing passes twice.

import { copyFileSync, rmSync } from "node:fs";
import { expect, test } from "vitest";
import { sha256Of } from "../../src/core/files.ts";
import { openSqlite } from "../../src/core/sqlite.ts";
import { contactsJob, rehearse } from "../run/support.ts";
import { createProject, type Project } from "../support/rig.ts";

const csv = (...lasts: string[]) => ({
  "inbox/contacts.csv": `id,last,email\n${lasts.map((last, index) => `${index},${last},\n`).join("")}`,
});
const job = contactsJob({ top: "guards: { creates: 1 }" });
const isProtected = (text: string) =>
  text.replace("    type: salesforce\n", "    type: salesforce\n    protected: true\n");

/** Another machine: the same job and connections, and no state. */
function machineOf({ read, env }: Project): Project {
  const made = createProject({ "connections.yaml": read("connections.yaml"), "job.yaml": read("job.yaml") });
  made.env = { ...env };
  return made;
}

async function ends(project: Project, code: number, says: string | RegExp, ...args: string[]): Promise<void> {
  const done = await project.run(...args);
  expect(done.code, `${args.join(" ")}: ${done.stderr}`).toBe(code);
  expect(`${done.stdout} ${done.stderr}`.replaceAll(/\s+/g, " ")).toMatch(says);
}

type Header = {
  run: { finished: string; summary: string };
  streams: { stream: { stops: string[]; counts: object } }[];
};

/** Changes the header of a plan file as somebody may who knows how it is hashed. */
function forge(file: string, change: (header: Header) => void, isHashed = true): void {
  const database = openSqlite(file, { synchronous: "OFF" });
  const { text } = database.prepare("SELECT text FROM header").get() as { text: string };
  const header = JSON.parse(text) as Header;
  change(header);
  const files = database.prepare("SELECT path, bytes, sha256 FROM files ORDER BY path").all();
  const said = JSON.stringify([JSON.stringify(header), files.map(({ path, bytes, sha256 }) => [path, bytes, sha256])]);
  database.prepare("UPDATE header SET text = ?").run(JSON.stringify(header));
  if (isHashed) database.prepare("UPDATE header SET hash = ?").run(sha256Of(Buffer.from(said)));
  database.close();
}

test("an approval of one plan passes no other one, nor that one once it is another", async () => {
  await using place = await rehearse(job, csv("One", "Two"));
  const { project, sandbox } = place;
  await ends(project, 4, /./, "plan", "job.yaml", "--out", "a.plan");
  await ends(project, 0, "Approved by Ann", "approve", "a.plan", "--by", "Ann", "--guard", "guards.creates");
  copyFileSync(project.path("a.plan"), project.path("kept.plan"));
  // The approval of the one, put into the other.
  project.write(csv("One", "Two", "Three"));
  await ends(project, 4, /./, "plan", "job.yaml", "--out", "b.plan");
  const approvalsOf = (file: string) => openSqlite(project.path(file), { synchronous: "OFF" });
  const from = approvalsOf("a.plan");
  const { text = "" } = from.prepare("SELECT text FROM approvals").get() ?? {};
  from.close();
  const to = approvalsOf("b.plan");
  to.prepare("INSERT INTO approvals (text) VALUES (?)").run(String(text));
  to.close();
  await ends(project, 4, "guards.creates lets it pass this once", "apply", "b.plan");

  await using other = machineOf(project);
  const forged = (name: string, change: (header: Header) => void, isHashed?: boolean) => {
    copyFileSync(project.path("kept.plan"), other.path(name));
    forge(other.path(name), change, isHashed);
  };
  const unstop = ({ run }: Header) => {
    const { stops: _, ...told } = JSON.parse(run.summary) as Record<string, unknown>;
    run.summary = JSON.stringify(told);
  };
  forged("changed.plan", unstop, false);
  await ends(other, 7, "changed.plan is damaged", "apply", "changed.plan");
  // Whoever may write the file can take away what is told of it; the guard sees the plan itself, and the approval is gone.
  forged("fewer.plan", (header) => {
    unstop(header);
    for (const { stream } of header.streams) Object.assign(stream.counts, { creates: 1, extracted: 1 });
  });
  await ends(other, 1, "does not add up", "apply", "fewer.plan");
  const shown = await other.run("show", "fewer.plan", "--json");
  expect(JSON.parse(shown.stdout)).toMatchObject({ approvals: [] });
  // The age of a plan of tomorrow is not known.
  await using third = machineOf(project);
  copyFileSync(project.path("kept.plan"), third.path("tomorrow.plan"));
  forge(third.path("tomorrow.plan"), ({ run }) => {
    run.finished = new Date(Date.parse(run.finished) + 3_600_000).toISOString();
  });
  await ends(third, 7, "still to come by this machine's clock", "apply", "tomorrow.plan");
  expect(await sandbox.dump("Contact")).toEqual([]);
});

test("a plan that was applied is approved by nobody any more, and is no other plan whose file has its name", async () => {
  await using place = await rehearse(job, csv("One", "Two"));
  const { project, sandbox } = place;
  await ends(project, 4, /./, "plan", "job.yaml", "--out", "a.plan");
  const first = (await project.run("runs", "--json")).stdout;
  const id = /[\w-]+-contacts-\w+/.exec(first)?.[0] ?? "";
  rmSync(project.path("a.plan"));
  await ends(project, 4, /./, "plan", "job.yaml", "--out", "a.plan");
  // The first one is named by its id; the file is the second one's.
  await ends(project, 0, /^(?!.*Recorded in)/, "approve", id, "--guard", "guards.creates");
  const shown = await project.run("show", "a.plan", "--json");
  expect(JSON.parse(shown.stdout)).toMatchObject({ approvals: [], applied: null });
  await using other = machineOf(project);
  other.write({ "inbox/contacts.csv": project.read("inbox/contacts.csv") });
  copyFileSync(project.path("a.plan"), other.path("copy.plan"));
  await ends(project, 0, /./, "apply", id);
  const file = project.path("a.plan");
  expect(JSON.parse((await project.run("show", "a.plan", "--json")).stdout)).toMatchObject({ applied: null });
  // Both at once: two approvals, and neither takes the other's place.
  await Promise.all(
    ["Ann", "Bea"].map((by) => ends(other, 0, /./, "approve", file, "--by", by, "--guard", "guards.creates")),
  );
  await ends(project, 0, /./, "apply", "a.plan");
  expect(JSON.parse((await other.run("show", file, "--json")).stdout)).toMatchObject({
    approvals: [{ by: expect.stringMatching(/Ann|Bea/) }, { by: expect.stringMatching(/Ann|Bea/) }],
    applied: { at: expect.any(String) },
  });
  await ends(other, 7, "was applied by run", "approve", file, "--guard", "guards.creates");
  await ends(other, 7, "was applied by run", "apply", file);
  expect(await sandbox.dump("Contact")).toHaveLength(2);
});

test("a protected connection: by cron the commands are told, and what was approved is agreed to for who resumes it", async () => {
  await using place = await rehearse(job, csv("One"));
  const { project } = place;
  project.write({ "connections.yaml": isProtected(project.read("connections.yaml")) });
  const unasked = await project.run("run", "job.yaml", "--json");
  const next =
    "loadline plan job.yaml --out contacts.plan shows and keeps what would change; then loadline approve contacts.plan and loadline apply contacts.plan, or run again with --yes";
  expect([unasked.code, unasked.summary().next]).toEqual([4, next]);
  await ends(project, 0, /./, "plan", "job.yaml", "--out", "contacts.plan");
  await ends(project, 4, "nobody has approved the plan", "apply", "contacts.plan");
  await ends(project, 0, "Recorded in contacts.plan too", "approve", "contacts.plan");
  project.env["LOADLINE_FAILPOINT"] = "planned:1";
  expect((await project.run("apply", "contacts.plan")).signal).toBe("SIGKILL");
  project.env["LOADLINE_FAILPOINT"] = undefined;
  await ends(project, 0, /./, "resume");
  expect((await place.contacts()).size).toBe(1);
  await ends(project, 7, "was applied by run", "apply", "contacts.plan");
});
