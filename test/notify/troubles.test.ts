// Receivers that behave badly: what each costs a run is a warning, and nothing of an address is printed.

import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { connections, createProject, startSandbox } from "../support/rig.ts";
import { makeCertificate } from "./certificate.ts";
import { peopleJob } from "./people-job.ts";
import { startReceiver } from "./receiver.ts";

const token = "T0KEN/B0KEN/abcdefghijklmnopqrstuvwx";

/** Each has the address of its kind and what the warning about it says. */
const bad: Record<string, { url: string; why: RegExp; kind?: string }> = {
  HANG: { url: "/hang", why: /why: {2}no answer within 10 s/ },
  RESET: { url: "/reset", why: /why: {2}(socket hang up|read ECONNRESET)/ },
  BROKEN: { url: "/status/500", why: /why: {2}HTTP 500: no such thing as \*\*secret\*\*/ },
  GONE: { url: "/status/404", why: /why: {2}HTTP 404: no such thing as \*\*secret\*\*/, kind: "slack" },
  MOVED: { url: "/redirect", why: /why: {2}HTTP 302; redirects are not followed/, kind: "teams" },
  REFUSED: { url: "http://127.0.0.1:1", why: /why: {2}connect ECONNREFUSED 127\.0\.0\.1:1/ },
  PLAIN: { url: "http://receiver.example", why: /why: {2}the address must be https \(http only on loopback\)/ },
  LATER: { url: "/status/429", why: /why: {2}HTTP 429: no such thing as \*\*secret\*\*/ },
  NOTHING: { url: "no address", why: /why: {2}this is not a URL/ },
};

function job(origins: Record<string, string>, more: readonly string[]): string {
  const notices = Object.keys(origins).map((name) => {
    return `  - { when: [success], ${bad[name]?.kind ?? "webhook"}: "\${${name}}" }`;
  });
  const ping = `ping: { start: "\${HANG}/start", success: "\${BROKEN}/ping", failure: "\${HANG}/fail" }\n`;
  return peopleJob("id", [...notices, ...more], ping);
}

const files = {
  "connections.yaml": "version: 1\nconnections: { drop: { type: file, path: . } }\n",
  "in.csv": "id\n1\n",
};

test("what can't be told is a warning with who, where and why; it changes nothing, and hides every address", async () => {
  await using receiver = await startReceiver();
  const { key, cert } = makeCertificate();
  const unknown = createServer({ key, cert }, (_request, response) => response.end());
  unknown.listen(0, "127.0.0.1");
  await once(unknown, "listening");
  const urls = Object.entries(bad).map(([name, { url }]) => {
    const address = url.startsWith("/") ? `${receiver.origin}${url}` : url;
    return [name, `${address}/${token}`] as const;
  });
  const https = `https://127.0.0.1:${(unknown.address() as AddressInfo).port}/${token}`;
  const more = [
    `  - { when: [success], webhook: "\${DRIP}" }`,
    `  - { when: [success], webhook: "\${UNKNOWN}" }`,
    `  - { when: [success], webhook: "\${NOBODY:-}" }`,
    `  - { when: [success], webhook: "\${NOT_SET}" }`,
    `  - { when: [success], webhook: "\${GOOD}" }`,
  ];
  await using project = createProject({ ...files, "job.yaml": job(Object.fromEntries(urls), more) });
  const others = { DRIP: `${receiver.origin}/drip/${token}`, UNKNOWN: https, GOOD: `${receiver.origin}/good/${token}` };
  Object.assign(project.env, Object.fromEntries(urls), others);
  const run = await project.run("run", "job.yaml", "--json");
  unknown.close();
  unknown.closeAllConnections();
  expect(run.summary()).toMatchObject({ status: "loaded", exitCode: 0 });
  expect(run.code).toBe(0);
  const warnings = run.stderr.split("warning: ").slice(1);
  for (const [name, { why }] of Object.entries(bad)) {
    expect(warnings.filter((text) => why.test(text)).length, `${name}: ${run.stderr}`).toBeGreaterThan(0);
  }
  expect(run.stderr).toMatch(
    /job\.yaml:\d+:5: webhook at 127\.0\.0\.1:\d+ was not told\n {2}why: {2}the certificate of 127\.0\.0\.1:\d+ is not trusted: self-signed certificate/,
  );
  expect(run.stderr).toMatch(
    /webhook was not told\n {2}why: {2}the variable NOT_SET is not set\n {2}next: set NOT_SET/,
  );
  expect(run.stderr).toMatch(/ping\.success at 127\.0\.0\.1:\d+ was not told\n {2}why: {2}HTTP 500/);
  // Nine of the table, UNKNOWN, NOT_SET, and two pings; who drips was told, and an empty variable is nobody.
  expect(warnings).toHaveLength(13);
  expect(run.stderr).toContain("next: loadline notify test job.yaml");
  expect(run.stdout + run.stderr).not.toMatch(/T0KEN|B0KEN|abcdefgh/);
  const paths = receiver.calls.map(({ path }) => path.replace(`/${token}`, ""));
  const count = (path: string) => paths.filter((one) => one === path).length;
  expect(count("/good")).toBe(1);
  // What passes is tried three times, what does not once; a redirect leads nowhere.
  expect([count("/status/500"), count("/reset"), count("/status/404"), count("/redirect")]).toEqual([3, 3, 1, 1]);
  expect(paths).not.toContain("/landed");
});

test("notify test says what each answered, and fails where one was not told", async () => {
  await using receiver = await startReceiver();
  const notices = ["good", "status/500"].map(
    (path) => `  - { when: [failure], webhook: "${receiver.origin}/${path}" }`,
  );
  const good = job({}, [...notices.slice(0, 1), `  - { when: [guard], slack: "\${NOBODY:-}" }`]);
  await using project = createProject({ ...files, "good.yaml": good, "bad.yaml": job({}, notices) });
  const first = await project.run("notify", "test", "good.yaml");
  expect(first.code).toBe(0);
  expect(first.stdout).toMatch(/^people: webhook at 127\.0\.0\.1:\d+ \(failure\) was told: HTTP 200: ok$/m);
  expect(first.stdout).toContain("people: slack (guard): nobody to tell, for its variable is empty\n");
  expect(first.stdout).toContain("people: ping is not called, for that would count as a run\n");
  const [call] = receiver.take();
  expect(JSON.parse(call?.body ?? "")).toMatchObject({ events: ["test"], job: "people", run: null, status: "test" });
  const both = await project.run("notify", "test", "good.yaml", "bad.yaml", "none.yaml", "--json");
  expect(both.code).toBe(1);
  const told = both.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(told).toMatchObject([
    {
      job: "people",
      ok: true,
      receivers: [{ kind: "webhook", ok: true, answer: "HTTP 200: ok" }, { ok: null }],
      exitCode: 0,
    },
    {
      job: "people",
      ok: false,
      receivers: [{ ok: true }, { ok: false, problem: expect.stringContaining("HTTP 500") }],
      exitCode: 1,
    },
    { job: "none.yaml", ok: false, exitCode: 2 },
  ]);
  const checked = await project.run("check", "good.yaml");
  expect(checked.stdout).toMatch(/^ {2}notify: webhook at 127\.0\.0\.1:\d+ \(failure\)$/m);
  expect(checked.stdout).toContain("  notify: slack: nobody to tell, for its variable is empty\n");
  expect(checked.stdout).toMatch(
    /^ {2}warning: good\.yaml:\d+:\d+: ping\.start would not be told: the variable HANG is not set$/m,
  );
  expect(checked.code).toBe(0);
});

test("a stop by the system is a failure that is told before the program ends, also beside a receiver that hangs", async () => {
  await using receiver = await startReceiver();
  await using sandbox = await startSandbox();
  await sandbox.setFaults([{ match: "* /services/data/**", times: 99, do: { delay_ms: 60_000 } }]);
  const stopped = `version: 1
name: people
streams:
  people:
    source: { connection: salesforce, object: Contact }
    target: { connection: drop, files: out.csv }
    map: { id: Id }
notify:
  - { when: [failure], webhook: "${receiver.origin}/hang" }
  - { when: [failure], webhook: "${receiver.origin}/failure" }
ping: { start: "${receiver.origin}/start", failure: "${receiver.origin}/fail" }
`;
  await using project = createProject({ ...connections(sandbox, "."), "job.yaml": stopped });
  const run = project.start(["run", "job.yaml"]);
  await run.untilPrinted("run 2");
  await receiver.until("/start");
  const { code, stderr } = await run.kill("SIGTERM");
  expect(code, stderr).toBe(143);
  const told = receiver.calls.filter(({ path }) => path !== "/hang").map(({ path, body }) => ({ path, body }));
  expect(told.map(({ path }) => path).sort()).toEqual(["/fail", "/failure", "/start"]);
  expect(JSON.parse(told.find(({ path }) => path === "/failure")?.body ?? "")).toMatchObject({ exitCode: 143 });
  expect(stderr).toMatch(/webhook at 127\.0\.0\.1:\d+ was not told\n {2}why: {2}no answer within 2 s/);
});

test("a rehearsal reaches nobody outside of this machine, and says so; on loopback it is told as one", async () => {
  await using receiver = await startReceiver();
  const notices = [
    `  - { when: [success], webhook: "${receiver.origin}/here" }`,
    `  - { when: [success], webhook: "https://receiver.example/there" }`,
    `  - { when: [success], slack: "\${NOT_SET}" }`,
    `  - { when: [success], email: { to: a@x.example, from: b@x.example, smtp: "smtp://127.0.0.1:1" } }`,
    `  - { when: [failure], teams: "\${NOT_SET}" }`,
  ];
  await using project = createProject({ ...files, "job.yaml": job({}, notices).replace(/^ping:.*/m, "") });
  const run = await project.run("run", "job.yaml", "--sandbox");
  expect(run.code, run.stderr).toBe(0);
  expect(receiver.calls.map(({ path, body }) => [path, JSON.parse(body).sandbox])).toEqual([["/here", true]]);
  expect(run.stderr).not.toContain("warning");
  expect(run.stderr).toContain(
    "not told, for this is a rehearsal: webhook at receiver.example, slack, email by 127.0.0.1:1\n",
  );
});
