// Who hears of which end of a run: real runs, a real receiver that has one address for each `when`.

import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { takeLock } from "../../src/checkpoint/lock.ts";
import { contactsJob, rehearse } from "../run/support.ts";
import { createProject, type Project } from "../support/rig.ts";
import { type Call, type Receiver, startReceiver } from "./receiver.ts";

const events = ["failure", "guard", "rejects", "recovered", "success"];
const secret = "a secret that signs";

function told({ origin }: Receiver): string {
  const notices = events.map(
    (event) => `  - { when: [${event}], webhook: "${origin}/${event}", secret: "\${SECRET}" }`,
  );
  const all = `  - { when: [${events.join(", ")}], webhook: "${origin}/all", secret: "\${SECRET}" }`;
  const ping = `{ start: "\${PING}/start", success: "\${PING}/success", failure: "\${PING}/failure" }`;
  return `notify:\n${[...notices, all].join("\n")}\nping: ${ping}\n`;
}

/** A job from a file to a file, of which the last rows have no name and are rejects. */
function fileJob(name: string, receiver: Receiver, { top = "", last = "last" } = {}): string {
  return `version: 1
name: ${name}
streams:
  people:
    source: { connection: drop, files: ${name}.csv }
    target: { connection: drop, files: ${name}-out.csv }
    map: { id: id, last: ${last} }
    validate: [ { field: last, required: true } ]
redact: [last]
${top}
${told(receiver)}`;
}

const rows = (good: number, bad = 0) =>
  `id,last\n${Array.from({ length: good }, (_, n) => `${n},Meier${n}\n`).join("")}${"x,\n".repeat(bad)}`;

const noSystems = "version: 1\nconnections: { drop: { type: file, path: . } }\n";

function isSigned({ headers, body }: Call): boolean {
  const signature = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
  return headers["x-loadline-signature"] === signature;
}

/** By job: the addresses that were called; and the one message that whoever wants all of them got. */
function sort(calls: readonly Call[]) {
  const heard: Record<string, string[]> = {};
  const messages: Record<string, Record<string, unknown>> = {};
  for (const call of calls.filter(({ path }) => !path.startsWith("/ping"))) {
    const message = JSON.parse(call.body) as Record<string, unknown>;
    const job = String(message["job"]);
    expect(isSigned(call), call.path).toBe(true);
    if (call.path === "/all") {
      expect(messages[job], "one message a run").toBeUndefined();
      messages[job] = message;
    } else heard[job] = [...(heard[job] ?? []), call.path.slice(1)].sort();
  }
  return { heard, messages };
}

function begin(receiver: Receiver, files: Record<string, string>): Project {
  const project = createProject({ "connections.yaml": noSystems, ...files });
  Object.assign(project.env, { SECRET: secret, PING: `${receiver.origin}/ping` });
  return project;
}

test("each end of a run is told to whom it concerns, once, with several jobs each for itself; a plan to nobody", async () => {
  await using receiver = await startReceiver();
  await using project = begin(receiver, {
    "good.yaml": fileJob("good", receiver, { top: "rejects: { max: 100% }" }),
    "good.csv": rows(1, 1),
    "some.yaml": fileJob("some", receiver),
    "some.csv": rows(30, 1),
    "many.yaml": fileJob("many", receiver),
    "many.csv": rows(2, 2),
    "few.yaml": fileJob("few", receiver, { top: "guards: { source_rows_min: 9 }" }),
    "few.csv": rows(2),
    "both.yaml": fileJob("both", receiver, { top: "guards: { source_rows_min: 9 }" }),
    "both.csv": rows(2, 2),
    "column.yaml": fileJob("column", receiver, { last: "lost" }),
    "column.csv": rows(2),
    "typo.yaml": fileJob("typo", receiver, { top: "gaurds: { deletes: 0 }" }),
  });
  expect((await project.run("plan", "some.yaml", "column.yaml")).code).not.toBe(0);
  expect((await project.run("run", "--dry-run", "good.yaml")).code).toBe(0);
  expect(receiver.take()).toEqual([]);

  const jobs = ["good", "typo", "some", "many", "few", "both", "column"];
  const run = await project.run("run", ...jobs.map((name) => `${name}.yaml`));
  expect(run.stderr).not.toContain("warning");
  const calls = receiver.take();
  const { heard, messages } = sort(calls);
  expect(heard).toEqual({
    good: ["success"],
    some: ["rejects"],
    many: ["rejects"],
    few: ["guard"],
    both: ["guard", "rejects"],
    column: ["failure"],
    typo: ["failure"],
  });
  const codes = Object.fromEntries(Object.entries(messages).map(([job, { exitCode }]) => [job, exitCode]));
  expect(codes).toEqual({ good: 0, typo: 2, some: 3, many: 4, few: 4, both: 4, column: 2 });
  expect(messages["some"]).toMatchObject({
    events: ["rejects"],
    run: expect.stringMatching(/^\d{8}-\d{6}-some-/),
    status: "partial",
    streams: { people: { extracted: 31, rejected: 1, creates: 30, loaded: 30, watermark: null } },
    apiCalls: {},
    error: expect.stringContaining("not every row arrived: people: 1 row rejected"),
    next: expect.stringMatching(/^loadline show /),
    folder: project.folder,
    sandbox: false,
  });
  expect(messages["both"]).toMatchObject({
    events: ["guard", "rejects"],
    stops: [expect.stringContaining("(rejects.max)"), expect.stringContaining("(guards.source_rows_min)")],
  });
  expect(messages["typo"]).toMatchObject({ run: null, status: "failed", next: "loadline check typo.yaml" });
  expect(messages["typo"]?.["error"]).toContain('unknown key "gaurds"');
  expect(JSON.stringify(calls)).not.toContain("Meier");

  const pings = calls.filter(({ path }) => path.startsWith("/ping"));
  const count = (name: string) => pings.filter(({ path }) => path === `/ping/${name}`).length;
  expect([count("start"), count("success"), count("failure")]).toEqual([6, 1, 6]);
  const failures = pings.filter(({ path }) => path === "/ping/failure");
  expect(failures.every(({ method, body }) => method === "POST" && /^next: loadline /m.test(body))).toBe(true);
  expect(failures.find(({ body }) => body.startsWith("some: "))?.body).toContain("people: 31 extracted, 1 rejected");
});

test("a job that can't begin is told of: connections.yaml is wrong, another run has its lock and it does not skip", async () => {
  await using receiver = await startReceiver();
  await using project = begin(receiver, { "good.yaml": fileJob("good", receiver), "good.csv": rows(1) });
  project.write({ "connections.yaml": noSystems.replace("file,", "fiel,") });
  expect((await project.run("run", "good.yaml")).code).toBe(2);
  expect(sort(receiver.take()).messages["good"]).toMatchObject({ events: ["failure"], exitCode: 2, run: null });
  project.write({ "connections.yaml": noSystems, "skips.yaml": fileJob("good", receiver, { top: "lock: skip" }) });
  expect((await project.run("run", "good.yaml", "skips.yaml")).code).toBe(2);
  expect(receiver.take().filter(({ path }) => path === "/failure")).toHaveLength(2);
  using _lock = await takeLock({
    stateFolder: project.path(".loadline"),
    name: "job-good",
    what: "job good",
    waitMs: 0,
    signal: new AbortController().signal,
    onDamage: () => undefined,
  });
  expect((await project.run("run", "skips.yaml")).code).toBe(0);
  expect(receiver.take()).toEqual([]);
  expect((await project.run("run", "good.yaml")).code).toBe(6);
  const calls = receiver.take();
  expect(sort(calls).messages["good"]).toMatchObject({ events: ["failure"], exitCode: 6, run: null });
  expect(calls.filter(({ path }) => path.startsWith("/ping")).map(({ path }) => path)).toEqual(["/ping/failure"]);
});

test("a run that stopped is a failure with its org, and recovered once another brings it to its end; no answer is quoted", async () => {
  await using receiver = await startReceiver();
  await using where = await rehearse(contactsJob({ top: told(receiver) }), {
    "inbox/contacts.csv": "id,last,email\n1,Alpha,private@x.example\n",
  });
  const { project, sandbox } = where;
  Object.assign(project.env, { SECRET: secret, PING: `${receiver.origin}/ping` });
  const body = JSON.stringify([
    { errorCode: "REQUEST_LIMIT_EXCEEDED", message: "the value private@x.example is of no use" },
  ]);
  const open = project.read("connections.yaml");
  project.write({ "connections.yaml": open.replace("type: salesforce\n", "type: salesforce\n    protected: true\n") });
  expect((await project.run("run", "job.yaml")).code).toBe(4);
  expect(sort(receiver.take()).messages["contacts"]).toMatchObject({ events: ["guard"], exitCode: 4, run: null });
  project.write({ "connections.yaml": open });
  await sandbox.setFaults([{ match: "* /services/data/*/composite/**", times: 99, do: { status: 403, body } }]);
  const first = await project.run("run", "job.yaml");
  expect(first.code, first.stderr).toBe(75);
  const calls = receiver.take();
  const { heard, messages } = sort(calls);
  expect(heard).toEqual({ contacts: ["failure"] });
  expect(messages["contacts"]?.["orgs"]).toEqual({ salesforce: expect.stringMatching(/^00D/) });
  expect(messages["contacts"]?.["error"]).toContain("REQUEST_LIMIT_EXCEEDED, HTTP 403");
  expect(JSON.stringify(calls)).not.toContain("private@");
  await sandbox.setFaults([]);
  const second = await project.run("run", "job.yaml");
  expect(second.code, second.stderr).toBe(0);
  const after = receiver.take().filter(({ path }) => !path.startsWith("/ping"));
  const recovered = after.filter(({ path }) => path === "/recovered").map((call) => JSON.parse(call.body));
  expect(recovered).toMatchObject([{ events: ["success", "recovered"], status: "loaded", exitCode: 0 }]);
  expect(after.map(({ path }) => path).sort()).toEqual(["/all", "/all", "/recovered", "/success", "/success"]);
});
