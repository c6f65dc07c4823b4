// Rows that were not loaded, and the runs after: what comes again by itself, what was mended or dropped, which is newer.

import { expect, test } from "vitest";
import { type Rehearsal, rehearse } from "./support.ts";

const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

async function load(place: Rehearsal, ...args: string[]) {
  const done = await place.project.run(...(args.length === 0 ? ["run", "job.yaml"] : args), "--json");
  expect(done.code, done.stderr).toBe(0);
  return done.summary();
}

interface Listed {
  streams: Record<string, { open: number; retried: number; dropped: number; takenAgain?: string }>;
}

async function list(place: Rehearsal, run: string | null): Promise<Listed["streams"]> {
  const listed = await place.project.run("rejects", run ?? "", "--json");
  expect(listed.code, listed.stderr).toBe(0);
  return (JSON.parse(listed.stdout) as Listed).streams;
}

/** Exports rows and keeps those lines that begin so, changed. */
async function mend(place: Rehearsal, run: string | null, stream: string, start: string, change: [string, string]) {
  const { project } = place;
  const out = await project.run("rejects", run ?? "", "--stream", stream, "--export", "mend.csv");
  expect(out.code, out.stderr).toBe(0);
  const [header = "", ...lines] = project.read("mend.csv").split("\n");
  const kept = lines.filter((line) => line.startsWith(start)).map((line) => line.replace(...change));
  expect(kept.length).toBeGreaterThan(0);
  project.write({ "mend.csv": `${[header, ...kept].join("\n")}\n` });
}

test("rows of a file that the org could not take for a while come with the next run, unless they were mended or are newer by then", {
  // The target is given 31 seconds.
  timeout: 120_000,
}, async () => {
  const job = `version: 1
name: locks
defaults: { target: { connection: salesforce, mode: upsert } }
streams:
  accounts:
    source: { connection: drop, files: "acc*.csv", after: { move: done } }
    target: { object: Account, key: Acc__c }
    map: { Acc__c: id, Name: name }
  contacts:
    source: { connection: drop, files: "con*.csv", after: { move: done } }
    target: { object: Contact, key: Ext__c }
    map: { Ext__c: id, LastName: id, AccountId: { parent: accounts, from: account, miss: reject } }
rejects: { max: 100% }
`;
  await using place = await rehearse(job, {
    "inbox/acc.csv": "id,name\nA,a\nB,b\nD,d\nE,e\n",
    "inbox/con.csv": "id,account\n1,A\n2,B\n",
  });
  const { project, sandbox } = place;
  const locked = "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--";
  await sandbox.setFaults([{ match: "row Account", nth: [1, 3, 4, ...upTo(5, 19)], do: { rowError: locked } }]);
  const first = await load(place);
  expect(first.streams["accounts"]).toMatchObject({ creates: 4, loaded: 1, failed: 3 });
  expect(first.streams["contacts"]).toMatchObject({ creates: 2, loaded: 1, failed: 1 });
  const { stdout } = await project.run("state", "show");
  expect(stdout).toMatch(/locks accounts: 3 rows, since 2\d+-/);
  expect(stdout).toContain(`3 that the target could not take: .loadline/runs/${first.run}/rejects/accounts.csv`);
  await sandbox.setFaults([]);
  await mend(place, first.run, "accounts", "E,", ["E,e", "E,mended"]);
  const retried = await load(place, "rejects", first.run ?? "", "--retry", "mend.csv");
  expect(retried.streams["accounts"]).toMatchObject({ extracted: 1, creates: 1, loaded: 1 });
  project.write({ "inbox/acc2.csv": "id,name\nD,newer\n" });
  const killed = await project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "loaded:1" } }).finished;
  expect(killed.signal).toBe("SIGKILL");
  const second = await load(place, "resume");
  expect(second.streams["accounts"]).toMatchObject({ extracted: 3, duplicates: 1, creates: 2, loaded: 2 });
  expect(second.streams["contacts"]).toMatchObject({ extracted: 1, creates: 1, loaded: 1 });
  const names = (await sandbox.dump("Account")).flatMap(({ Acc__c, Name }) =>
    Acc__c === null ? [] : `${Acc__c} ${Name}`,
  );
  expect(names.sort()).toEqual(["A a", "B b", "D newer", "E mended"]);
  expect(await list(place, first.run)).toMatchObject({
    accounts: { open: 0, retried: 3 },
    contacts: { open: 0, retried: 1 },
  });
  expect((await load(place)).streams["accounts"]).toMatchObject({ extracted: 0 });
});

test("a row that waits for its parent is mended and loaded once, or dropped and not taken again", async () => {
  const job = `version: 1
name: wait
defaults: { target: { connection: salesforce, mode: upsert } }
streams:
  accounts:
    source: { connection: drop, files: "acc*.csv", after: { move: done } }
    target: { object: Account, key: Acc__c }
    map: { Acc__c: id, Name: id }
  contacts:
    source: { connection: drop, files: "con*.csv", after: { move: done } }
    target: { object: Contact, key: Ext__c }
    map: { Ext__c: id, LastName: last, AccountId: { parent: accounts, from: account, miss: later } }
rejects: { max: 100% }
`;
  await using place = await rehearse(job, {
    "inbox/acc.csv": "id\nA\n",
    "inbox/con.csv": "id,account,last\n1,A,l\n2,X,l\n3,Y,l\n4,Z,l\n5,Z,\n",
  });
  const { project } = place;
  const first = await load(place);
  expect(first.streams["contacts"]).toMatchObject({ loaded: 1, waiting: 4 });
  await mend(place, first.run, "contacts", "2,", ["2,X,l", "2,A,mended"]);
  const retried = await load(place, "rejects", first.run ?? "", "--retry", "mend.csv");
  expect(retried.streams["contacts"]).toMatchObject({ extracted: 1, loaded: 1 });
  // One that waits still is kept, by whichever run has taken it up.
  project.write({ "inbox/acc2.csv": "id\nX\n" });
  const plan = await load(place, "plan", "job.yaml");
  const second = await load(place);
  const stale = await project.run("apply", plan.run ?? "");
  expect([stale.code, stale.stderr.replaceAll(/\s+/g, " ")]).toEqual([
    7,
    expect.stringContaining(`run ${second.run} has taken or kept rows of stream contacts that wait for a parent`),
  ]);
  expect(second.streams["contacts"]).toMatchObject({ extracted: 3, loaded: 0, waiting: 3 });
  expect((await place.contacts()).get("2")).toMatchObject({ LastName: "mended" });
  expect(await list(place, first.run)).toMatchObject({ contacts: { open: 0, retried: 4 } });
  await project.run("rejects", second.run ?? "", "--drop", "--reason", "they never come");
  project.write({ "inbox/acc3.csv": "id\nY\nZ\n" });
  const third = await load(place);
  expect(third.streams["contacts"]).toMatchObject({ extracted: 0, loaded: 0 });
  project.write({ "inbox/con2.csv": "id,account,last\n3,Y,anew\n" });
  expect((await load(place)).streams["contacts"]).toMatchObject({ extracted: 1, loaded: 1 });
});

test("records are taken again by id until they load, are mended or dropped; then only where they have changed", async () => {
  const job = `version: 1
name: ids
streams:
  contacts:
    source: { connection: salesforce, object: Contact, where: "Title = 'mine'", incremental: {} }
    target: { connection: hubspot, object: contacts, key: email, mode: upsert }
    map: { email: Email, lastname: LastName, phone: Phone }
    validate: [ { field: phone, required: true } ]
rejects: { max: 100% }
`;
  await using place = await rehearse(job, {});
  const { project, sandbox } = place;
  const ids: string[] = [];
  for (const name of ["x", "y", "z", "w"]) {
    const made = await sandbox.api("POST", "sobjects/Contact", {
      LastName: name,
      Email: `${name}@x.de`,
      Title: "mine",
    });
    ids.push((made.body as { id: string }).id);
  }
  const [x = "", y = "", , w = ""] = ids;
  const first = await load(place);
  expect(first.streams["contacts"]).toMatchObject({ rejected: 4, loaded: 0 });
  await mend(place, first.run, "contacts", x, ["x@x.de,x,", "x@x.de,x,22"]);
  expect((await load(place, "rejects", first.run ?? "", "--retry", "mend.csv")).streams["contacts"]).toMatchObject({
    loaded: 1,
  });
  expect((await project.run("rejects", first.run ?? "", "--drop", "--reason", "no phone")).code).toBe(0);
  // The overlap brings all of them, and none has changed.
  const second = await load(place);
  expect(second.streams["contacts"]).toMatchObject({ rejected: 0, loaded: 0, unchanged: 0 });
  const phones = async () =>
    (await sandbox.dumpHubSpot("contacts"))
      .map(({ properties }) => `${properties["lastname"]} ${properties["phone"]}`)
      .sort();
  expect(await phones()).toEqual(["x 22"]);
  await sandbox.api("PATCH", `sobjects/Contact/${y}`, { Phone: "33" });
  await sandbox.api("PATCH", `sobjects/Contact/${w}`, { LastName: "w2" });
  const third = await load(place);
  expect(third.streams["contacts"]).toMatchObject({ rejected: 1, loaded: 1 });
  const fourth = await load(place);
  expect(fourth.streams["contacts"]).toMatchObject({ rejected: 1, loaded: 0 });
  expect(await phones()).toEqual(["x 22", "y 33"]);
  // Open since the third run, tried twice; the third run's row is the fourth's by now.
  const over = JSON.parse((await project.run("rejects", "--job", "ids", "--json")).stdout);
  expect(over.runs).toMatchObject([{ run: fourth.run, tries: 2, streams: { contacts: { open: 1, tries: 2 } } }]);
  const shown = await project.run("show", third.run ?? "", "--json");
  expect(over.runs[0].since).toBe(JSON.parse(shown.stdout).started);
  expect(await list(place, third.run)).toMatchObject({ contacts: { open: 0, takenAgain: fourth.run } });
  for (const act of [["--retry"], ["--export", "old.csv"], ["--drop", "--reason", "x"]]) {
    const refused = await project.run("rejects", third.run ?? "", ...act);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(`run ${fourth.run} has taken the rows of stream contacts again since`);
  }
});
