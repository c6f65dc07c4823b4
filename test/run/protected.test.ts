// A protected connection: asked on a terminal, between the plan and its load; elsewhere --yes. And what a plan says is
// waiting: a run that was killed, rows that were not loaded.

import { join } from "node:path";
import { expect, test } from "vitest";
import { repository, startChild } from "../support/rig.ts";
import { contactsJob, rehearse } from "./support.ts";

const csv = "id,last,email\n1,Adams,a@x.com\n2,Bell,none\n3,Clark,c@x.com\n";

test("a load into a protected connection is asked for on a terminal, and wants --yes elsewhere", async () => {
  await using place = await rehearse(contactsJob(), { "inbox/contacts.csv": csv });
  const { project } = place;
  const open = project.read("connections.yaml");
  project.write({ "connections.yaml": open.replace("type: salesforce\n", "type: salesforce\n    protected: true\n") });
  const unasked = await project.run("run", "job.yaml", "--json");
  expect([unasked.code, unasked.stderr]).toEqual([4, expect.stringContaining("loading wants --yes")]);

  const bin = join(repository, "bin/loadline.js");
  const answer = async (input: string, ...args: string[]) => {
    const program = [process.execPath, bin, ...args].join(" ");
    const options = { cwd: project.folder, env: project.env, input };
    return await startChild("script", ["-qec", program, "/dev/null"], options).finished;
  };
  const refused = await answer("y\n", "run", "job.yaml");
  expect(refused.code).toBe(4);
  expect(refused.stdout.replaceAll(/\s+/g, " ")).toMatch(
    /Connection salesforce is protected\. This would be loaded: contacts → salesforce Contact, org 00D\w+: 2 to create Load it into org 00D\w+\? Only "yes" does:/,
  );
  expect(refused.stdout).toContain("not loaded: the answer was not yes");
  expect(await place.sandbox.dump("Contact")).toEqual([]);
  // A log for machines is no place for a question.
  expect((await answer("yes\n", "run", "job.yaml", "--log", "json")).stdout).toContain("loading wants --yes");
  expect(await place.sandbox.dump("Contact")).toEqual([]);
  const loaded = await answer("yes\n", "run", "job.yaml");
  expect([loaded.code, (await place.contacts()).size]).toEqual([0, 2]);

  // Agreed to as it began, and killed before it loaded anything: resume goes on. Not agreed to: it wants that said.
  project.write({ "inbox/contacts.csv": csv.replace("Adams", "Other") });
  project.env["LOADLINE_FAILPOINT"] = "planned:1";
  expect((await project.run("run", "job.yaml", "--yes")).signal).toBe("SIGKILL");
  project.env["LOADLINE_FAILPOINT"] = undefined;

  const waiting = (await project.run("plan", "job.yaml", "--json")).summary().waiting ?? [];
  const [killed = ""] = waiting.map((text) => / (\S+-contacts-\w+) /.exec(text)?.[1] ?? "");
  expect(waiting).toEqual([
    `run ${killed} was killed before it loaded anything: the next run takes its place`,
    expect.stringMatching(/^contacts: 1 row of run \S+ was not loaded \(rejects\): .*\/rejects\/contacts\.csv$/),
  ]);
  const resumed = (await project.run("resume", "--json")).summary();
  expect(resumed).toMatchObject({ status: "loaded" });
  // What somebody has dropped waits no more.
  expect((await project.run("rejects", resumed.run ?? "", "--drop", "--reason", "a test")).code).toBe(0);

  project.write({ "connections.yaml": open, "inbox/contacts.csv": csv.replace("Adams", "Third") });
  project.env["LOADLINE_FAILPOINT"] = "planned:1";
  expect((await project.run("run", "job.yaml")).signal).toBe("SIGKILL");
  project.env["LOADLINE_FAILPOINT"] = undefined;
  project.write({ "connections.yaml": open.replace("type: salesforce\n", "type: salesforce\n    protected: true\n") });
  const wanting = await project.run("resume", "--json");
  expect([wanting.code, wanting.stderr]).toEqual([4, expect.stringContaining("loading wants --yes")]);

  // One that had begun to load is told as that.
  project.env["LOADLINE_FAILPOINT"] = "committed:1";
  expect((await project.run("run", "job.yaml", "--yes")).signal).toBe("SIGKILL");
  project.env["LOADLINE_FAILPOINT"] = undefined;
  const told = (await project.run("plan", "job.yaml")).stdout.replaceAll(/\s+/g, " ");
  expect(told).not.toContain("not loaded (rejects)");
  expect(told).toMatch(/Waiting: run \S+ was killed, and had begun to load: loadline resume \S+ goes on with it/);
});
