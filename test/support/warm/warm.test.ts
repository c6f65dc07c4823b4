// Most tests run the program in a warm process. What they see must be what a process of its own would show.

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readdirSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { contactsJob, type Rehearsal, rehearse, schema } from "../../run/support.ts";
import { environment, type Finished } from "../child.ts";
import { createProject } from "../rig.ts";
import { runWarm } from "./client.ts";
import { readRun } from "./pool.ts";
import type { RunReply } from "./protocol.ts";

const files = {
  "inbox/contacts.csv": "id,last,email\n1,Ä,a@example.com\n2,,b@example.com\n",
  "fields.json": JSON.stringify(schema),
};

const commands = [
  ["--help"],
  ["plan", "--no-such-option"],
  ["check", "job.yaml"],
  ["plan", "job.yaml", "--detailed-exitcode"],
  ["run", "job.yaml", "--json"],
  ["plan", "job.yaml", "--sandbox", "--schema", "fields.json"],
  ["runs"],
];

test("a warm run prints and leaves what a cold one does", async () => {
  await using cold = await rehearse(contactsJob(), files);
  await using warm = await rehearse(contactsJob(), files);
  for (const args of commands) {
    const expected = await cold.project.start(args).finished;
    expect(shown(warm, await warm.project.run(...args)), args.join(" ")).toEqual(shown(cold, expected));
  }
  expect(await warm.contacts()).toHaveLength((await cold.contacts()).size);
  expect(leftBy(warm)).toEqual(leftBy(cold));
});

test("a run finds nothing of the one before it in the same process", async () => {
  await using place = await rehearse(contactsJob(), files);
  const host = startHost();
  const run = (args: string[], env = {}) =>
    runIn(host, { args, cwd: place.project.folder, env: environment({ ...place.project.env, ...env }) });

  // Its secrets: the job's name was one.
  const redacted = await run(["plan", "job.yaml"], { UNUSED: "x", SF_CLIENT_SECRET: "contacts", FORCE_COLOR: "1" });
  expect(redacted.text).toContain("**secret**");
  const planned = await run(["plan", "job.yaml"]);
  expect(planned).toMatchObject({ code: 0, isSound: true });
  expect(planned.text).toContain("contacts");
  expect((await run(["plan"])).code).toBe(2);
  expect((await run(["run", "job.yaml"])).code).toBe(0);

  // Its ledger: that was whole, and is not any more.
  truncateSync(place.project.path(".loadline/ledger.db"), 8192);
  expect((await run(["runs"])).code).not.toBe(0);
  expect((await run(["--version"])).code).toBe(0);
});

test("a run that takes too long ends by a signal, and the next one has a process again", async () => {
  await using project = createProject();
  const request = { cwd: project.folder, env: environment(project.env), msMax: 3000 };
  const args = ["sandbox", "--salesforce-port", "0", "--hubspot-port", "0", "--sftp-port", "0", "--data", "data"];
  expect(await runWarm({ ...request, args })?.finished).toMatchObject({ code: null, signal: "SIGKILL" });
  expect(await runWarm({ ...request, args: ["--version"] })?.finished).toMatchObject({ code: 0, stderr: "" });
});

test("what Node or the program reads as it starts wants a process of its own", () => {
  const request = { args: ["--version"], cwd: "/", msMax: 1 };
  for (const name of ["NODE_OPTIONS", "TZ", "LOADLINE_FAILPOINT"])
    expect(runWarm({ ...request, env: environment({ [name]: "x" }) })).toBeUndefined();
});

function shown(place: Rehearsal, { code, signal, stdout, stderr }: Finished): object {
  const tell = (text: string) =>
    text
      .replaceAll(place.project.folder, "<folder>")
      .replaceAll(place.sandbox.origin, "<origin>")
      .replaceAll(/\d{8}-\d{6}-contacts-[0-9a-f]{4}/g, "<run>")
      .replaceAll(/\d{4}-\d\d-\d\d.\d\d:\d\d(:\d\d(\.\d+)?)?Z?/g, "<time>")
      .replaceAll(/ *\d+(\.\d+)? s\b/g, " <seconds>")
      // A step that takes long, on a busy machine, is told before it is done.
      .replaceAll(/^ {2}\w+ +contacts +<seconds>\n/gm, "")
      .replaceAll(/"([a-z]*[Mm]s|seconds)":\d+(\.\d+)?/g, '"$1":0');
  return { code, signal, stdout: tell(stdout), stderr: tell(stderr) };
}

function leftBy({ project }: Rehearsal): string[] {
  const [run = ""] = project.runFolders().slice(-1);
  const state = readdirSync(project.path(".loadline"));
  return [...state, ...readdirSync(run, { recursive: true, encoding: "utf8" })].sort();
}

function startHost(): ChildProcess {
  const child = fork(join(import.meta.dirname, "host.ts"), { execArgv: [], stdio: ["ignore", "pipe", "pipe", "ipc"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function runIn(
  host: ChildProcess,
  request: { args: string[]; cwd: string; env: Record<string, string> },
): Promise<RunReply & { text: string }> {
  const printed = Promise.all([host.stdout, host.stderr].map(readRun));
  const replied = once(host, "message");
  host.send(request);
  const [reply] = (await replied) as [RunReply];
  return { ...reply, text: (await printed).join("") };
}
