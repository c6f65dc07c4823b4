// What stderr has for machines: lines of JSON with `--log json`, failures alone with `--quiet`.

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { createProject } from "../support/rig.ts";
import { contactsJob, rehearse } from "./support.ts";

const csv = "id,last,email\na,Alpha,a@acme.test\nb,,b@acme.test\n";
const rule = "    validate: [{ field: LastName, required: true }]";

interface Line extends Record<string, unknown> {
  time: string;
  run: string | null;
  type: string;
}

function linesOf(stderr: string): Line[] {
  return stderr
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

test("--log json: each event is a line with its time and run, a failure too, and nothing else is on stderr", async () => {
  await using rehearsal = await rehearse(contactsJob({ stream: rule, top: "guards: { creates: 0 }" }), {
    "inbox/contacts.csv": csv,
    "other.yaml": contactsJob({ map: "      LastName: last" }),
  });
  const { project } = rehearsal;
  const stopped = await project.run("run", "job.yaml", "other.yaml", "--json", "--log", "json");
  const lines = linesOf(stopped.stderr);
  const summaries = stopped.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const [run] = summaries.map((summary) => summary.run);
  expect(lines.every(({ time, type }) => !Number.isNaN(Date.parse(time)) && typeof type === "string")).toBe(true);
  const kept = project.read(`.loadline/runs/${run}/events.jsonl`);
  const withoutTime = (line: Line) => ({ ...line, time: "" });
  expect(lines.filter((line) => line.run === run && line.type !== "failure").map(withoutTime)).toEqual(
    linesOf(kept).map((line) => withoutTime({ ...line, run })),
  );
  const failures = lines.filter(({ type }) => type === "failure");
  expect(failures.map((line) => [line.run, line["exitCode"]])).toEqual([
    [run, 4],
    [null, 2],
  ]);
  expect(failures[0]?.["message"]).toContain("stopped before anything was written");
  expect(failures[0]?.["next"]).toContain("loadline plan");
});

test("--quiet: stderr has failures and nothing else, stdout its results", async () => {
  await using rehearsal = await rehearse(contactsJob({ stream: rule }), { "inbox/contacts.csv": csv });
  const { project } = rehearsal;
  const loaded = await project.run("run", "job.yaml", "--quiet");
  expect(loaded).toMatchObject({ code: 0, stderr: "" });
  expect(loaded.stdout).toMatch(/loaded +\d/);
  project.write({ "job.yaml": contactsJob({ stream: rule, top: "guards: { source_rows_min: 9 }" }) });
  const stopped = await project.run("run", "job.yaml", "--quiet", "--json");
  expect(stopped.code).toBe(4);
  expect(stopped.stderr).toMatch(/^stopped before anything was written: .*\n/);
  expect(await project.run("resume", "--quiet")).toMatchObject({ code: 0, stderr: "", stdout: "" });
});

test("--log json: what is wrong with the flags is a line too, wherever they stand", async () => {
  await using project = createProject({ "connections.yaml": "version: 1\nconnections: {}\n" });
  const usage = await project.run("--log", "json", "run", "job.yaml", "--bogus");
  expect(linesOf(usage.stderr)).toMatchObject([
    { run: null, type: "failure", message: "error: unknown option '--bogus'" },
  ]);
  const quiet = await project.run("--log", "json", "--quiet", "resume", "x");
  expect(linesOf(quiet.stderr)).toMatchObject([{ type: "failure", message: "there is no run x", exitCode: 2 }]);
});

test("--log json: a credential that a server echoes is hidden", async () => {
  const token = `00Dsandbox0000001!very"secret"`;
  const echo = createServer((_request, response) => {
    response.writeHead(403, { "content-type": "application/json" });
    response.end(JSON.stringify([{ errorCode: "FORBIDDEN", message: `no ${token}` }]));
  });
  echo.listen(0, "127.0.0.1");
  await once(echo, "listening");
  const origin = `http://127.0.0.1:${(echo.address() as AddressInfo).port}`;
  await using project = createProject({
    "connections.yaml": `version: 1\nconnections:\n  sf: { type: salesforce, login_url: "${origin}", auth: { access_token: "\${TOKEN}" } }\n`,
  });
  project.env = { TOKEN: token };
  const refused = await project.run("describe", "sf", "--log", "json");
  echo.close();
  expect(linesOf(refused.stderr)).toMatchObject([{ type: "failure" }]);
  expect(refused.stderr).toContain("**secret**");
  expect(refused.stderr).not.toContain('secret\\"');
});

test("version tells itself, and with --json Node and the platform", async () => {
  await using project = createProject();
  const { version } = JSON.parse((await project.run("version", "--json")).stdout);
  expect(version).toMatch(/^\d+\.\d+\.\d+/);
  for (const args of [["version"], ["--version"]])
    expect(await project.run(...args)).toMatchObject({ code: 0, stdout: `${version}\n` });
  const told = JSON.parse((await project.run("--version", "--json")).stdout);
  expect(told).toEqual({ version, node: process.versions.node, platform: process.platform, arch: process.arch });
});
