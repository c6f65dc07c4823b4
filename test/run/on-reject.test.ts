// Rejected rows put beside the sender's files: source.on_reject.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import iconv from "iconv-lite";
import { expect, test } from "vitest";
import { readJob } from "../../src/job/read-job.ts";
import { connectionsFile, copyJob, startVendor } from "../sftp/support.ts";
import { createProject } from "../support/rig.ts";
import { hasSshd, startSshd } from "../support/sshd.ts";
import { contactsJob, rehearse } from "./support.ts";

const refusal = "FIELD_CUSTOM_VALIDATION_EXCEPTION:the org does not want it:--";

function jobOf(source: string): string {
  return `version: 1
name: back
streams:
  contacts:
    source: { connection: drop, files: "*/c_*.csv"${source} }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: upsert }
    map: { Ext__c: id, LastName: last, Email: email }
redact: [LastName]
rejects: { max: 100% }
`;
}

test("each file's rejects are put back once, in its own dialect, before it is moved, whatever kills the run", async () => {
  const format = `format: { type: csv, delimiter: ";", quote: "'", encoding: windows-1252, comment: "#" }`;
  const job = jobOf(`, ${format}, after: { move: done }, on_reject: { move: back }`);
  const north = "id;last;email\n1;'Müll;er';1@x.de\n2;'O''Hara';no\n3;;x\n";
  const south = "email;id;last;loadline_error\n4@x.de;4;Ok;mended\n5@x.de;5;Nö;said before\nnone;'#6';=1+1;old\n";
  await using place = await rehearse(job, {
    "inbox/n/c_1.csv": iconv.encode(north, "windows-1252"),
    "inbox/s/c_1.csv": iconv.encode(south, "windows-1252"),
    "inbox/s/c_2.csv": "id;last;email\n7;Fine;7@x.de\n",
  });
  const { project, sandbox } = place;
  await sandbox.setFaults([{ match: "row Contact", nth: [3], do: { rowError: refusal } }]);
  const start = (at: string, ...args: string[]) => project.start(args, { env: { LOADLINE_FAILPOINT: at } }).finished;
  expect((await start("rejects-written:1", "run", "job.yaml")).signal).toBe("SIGKILL");
  expect(project.list("inbox/back")).toEqual(["n"]);
  expect(readdirSync(project.path("inbox/back/n"))).toEqual([expect.stringMatching(/^\.c_1\.csv\.\d.*\.tmp$/)]);
  expect((await start("rejects-put:1", "resume")).signal).toBe("SIGKILL");
  const [put = ""] = project.list("inbox/back/n");
  expect(put).toMatch(/^c_1\.csv\.\d{8}-\d{6}-back-[\w]+\.rejects\.csv$/);
  // None of the sender's files is gone yet; the sender takes ours away at once.
  expect(project.list("inbox/n")).toEqual(["c_1.csv"]);
  const bytes = readFileSync(project.path(`inbox/back/n/${put}`));
  rmSync(project.path(`inbox/back/n/${put}`));
  const ended = await project.run("resume", "--json");
  expect(ended.code, ended.stderr).toBe(0);
  expect(project.list("inbox/back/n")).toEqual([]);
  expect(project.list("inbox/n")).toEqual([]);
  const header = "loadline_error;loadline_field;loadline_line";
  const text = iconv.decode(bytes, "windows-1252");
  expect(text.split("\n")).toEqual([
    `'id';'last';'email';'${header.replaceAll(";", "';'")}'`,
    expect.stringMatching(/^'2';'O''Hara';'no';'.*an email.*';'Email';'3'$/),
    expect.stringMatching(/^'3';;'x';'.*a new record must have one';'LastName';'4'$/),
    "",
  ]);
  const [south1 = ""] = project.list("inbox/back/s");
  const second = iconv.decode(readFileSync(project.path(`inbox/back/s/${south1}`)), "windows-1252");
  expect(second.split("\n")).toEqual([
    `'email';'id';'last';'${header.replaceAll(";", "';'")}'`,
    expect.stringMatching(/^'none';'#6';'=1\+1';'.*';'Email';'4'$/),
    expect.stringMatching(/^'5@x.de';'5';'Nö';'.*the org does not want it';;'3'$/),
    "",
  ]);
  expect(project.list("inbox/back/s")).toHaveLength(1);
  const { contacts } = ended.summary().streams;
  expect(contacts).toMatchObject({ rejected: 3, failed: 1, loaded: 3 });
  expect(contacts?.rejectsPut).toEqual([
    { file: `back/n/${put}`, rows: 2 },
    { file: `back/s/${south1}`, rows: 2 },
  ]);
  const shown = await project.run("show", "latest", "--json");
  expect(JSON.parse(shown.stdout).summary.streams.contacts.rejectsPut).toHaveLength(2);
});

test("on a server they come whole under their name, and a name that is taken is not written over", async () => {
  const source = ", after: { delete: true }, on_reject: { move: rejected }";
  const job = copyJob({ source, top: "rejects: { max: 100% }" }).replace(
    "Name: last",
    "Name: { from: last, on_null: reject }",
  );
  await using vendor = await startVendor({ "job.yaml": job });
  vendor.put({ "in/a.csv": "id,last\n1,A\n2,\n", "in/b.csv": "id,last\n3,B\n" });
  const { project } = vendor;
  const killed = await project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "rejects-written:1" } })
    .finished;
  expect(killed.signal, killed.stderr).toBe("SIGKILL");
  const [hidden = ""] = vendor.list("rejected");
  const name = hidden.slice(1, -".tmp".length);
  vendor.put({ [`rejected/${name}`]: "somebody else's\n" });
  const taken = await project.run("resume", "--json");
  expect(taken.code).toBe(1);
  expect(taken.stderr).toContain(`rejected/${name} is there already, with other content`);
  expect(vendor.list("in")).toEqual(["a.csv", "b.csv"]);
  rmSync(`${vendor.folder}/rejected/${name}`);
  const done = await project.run("resume", "--json");
  expect(done.code, done.stderr).toBe(0);
  expect(vendor.list("rejected")).toEqual([name]);
  expect(vendor.read(`rejected/${name}`)).toMatch(
    /^id,last,loadline_error,loadline_field,loadline_line\n2,,.*,Name,3\n$/,
  );
  expect(vendor.list("in")).toEqual([]);
  const text = await project.run("run", "job.yaml");
  expect(text.code, text.stderr).toBe(0);
  vendor.put({ "in/c.csv": "id,last\n5,\n" });
  expect((await project.run("run", "job.yaml")).stdout).toMatch(
    /Put back for the sender of people: 1 row in rejected\/c\.csv\./,
  );
});

test.skipIf(!hasSshd)(
  "OpenSSH's server: a folder that is missing is made; where none can be, or the disk is full, rows stay loaded and files where they are",
  async () => {
    await using server = await startSshd();
    const job = copyJob({ source: ", after: { move: done }, on_reject: { move: back/rows }" }).replace(
      "Name: last",
      "Name: { from: last, on_null: reject }",
    );
    const connection = `{ type: sftp, url: "${server.url()}", host_key: "${server.hostKey}", auth: { private_key_file: "${server.key}" } }`;
    await using project = createProject({
      "connections.yaml": connectionsFile(connection),
      "job.yaml": `${job}rejects: { max: 100% }\n`,
    });
    const at = (name: string) => join(server.folder, name);
    mkdirSync(at("in"));
    const bring = (name: string) => writeFileSync(at(`in/${name}`), "id,last\n1,A\n2,\n");
    const inFolder = (name: string) => readdirSync(at(name)).sort();

    bring("a.csv");
    expect((await project.run("run", "job.yaml")).code).toBe(0);
    expect([inFolder("back/rows").length, inFolder("done"), inFolder("in")]).toEqual([1, ["a.csv"], []]);

    bring("b.csv");
    rmSync(at("back"), { recursive: true });
    writeFileSync(at("back"), "no folder");
    const noFolder = await project.run("run", "job.yaml");
    expect([noFolder.code, inFolder("in")]).toEqual([1, ["b.csv"]]);
    expect(noFolder.stderr).toMatch(/back/);
    rmSync(at("back"));
    expect((await project.run("resume")).code).toBe(0);
    expect([inFolder("back/rows").length, inFolder("in")]).toEqual([1, []]);

    bring("c.csv");
    const killed = await project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "checkpointed:1" } }).finished;
    expect(killed.signal).toBe("SIGKILL");
    const run = basename(project.runFolders().at(-1) ?? "");
    const first = at(`back/rows/.c.csv.${run}.rejects.csv.tmp`);
    symlinkSync("/dev/full", first);
    const full = await project.run("resume");
    expect([full.code, inFolder("in"), inFolder("back/rows").length]).toEqual([1, ["c.csv"], 2]);
    rmSync(first);
    expect((await project.run("resume")).code).toBe(0);
    expect([inFolder("back/rows").at(-1), inFolder("in")]).toEqual([`c.csv.${run}.rejects.csv`, []]);
    expect(readFileSync(at(`back/rows/c.csv.${run}.rejects.csv`), "utf8")).toMatch(/^id,last,.*\n2,,/);
  },
);

test("runs of some rows and rehearsals put nothing back", async () => {
  await using place = await rehearse(jobOf(", on_reject: { move: back }"), {
    "inbox/n/c_1.csv": "id,last,email\n1,,x\n",
  });
  const { project } = place;
  expect((await project.run("run", "job.yaml", "--limit", "5")).code).toBe(0);
  expect(existsSync(project.path("inbox/back"))).toBe(false);
});

test("a folder that a stream of the job takes files from is refused, and so is one of encrypted files", async () => {
  const two = (files: string, folder: string, other: string, more = "") => `version: 1
name: two
streams:
  first:
    source: { connection: drop, files: "${files}", on_reject: { move: ${folder} }${more} }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: upsert }
    map: { Ext__c: id, LastName: last }
  second:
    source: { connection: drop, files: "${other}" }
    target: { connection: salesforce, object: Account, key: Acc__c, mode: upsert }
    map: { Acc__c: id, Name: last }
`;
  await using project = createProject();
  const check = (text: string) => {
    project.write({ "job.yaml": text });
    try {
      return readJob(project.path("job.yaml")).name === "" ? "no name" : "";
    } catch (error) {
      return (error as Error).message;
    }
  };
  const refused: [files: string, folder: string, other: string, more?: string][] = [
    ["x/*.csv", "x", "b.csv"],
    ["*.csv", ".", "b.csv"],
    ["*.csv", "./x/..", "b.csv"],
    ["**/*.csv", "back", "b.csv"],
    ["x/*.csv", "back", "back/*"],
    ["x/*.csv", "back", "*/*.csv"],
    ["x/*.csv", "back/deep", "back/**/*.rejects.csv"],
    ["*/*.csv", "back", "back/*/a*"],
    ["x/*.csv", "back", "b{a,o}ck/*.{csv,txt}"],
    ["x/*.csv", "../back", "b.csv"],
    ["x/*.csv", "back", "b.csv", ", format: { type: csv, pgp: { private_key_file: k.asc } }"],
  ];
  for (const one of refused) expect(check(two(...one)), one.join(" ")).toMatch(/on_reject/);
  const allowed: [files: string, folder: string, other: string, more?: string][] = [
    ["x/*.csv", "back", "b.csv"],
    ["x/*.csv", "x/back", "b.csv"],
    ["x/a.csv", "x", "b.csv"],
    ["x/*.csv", "back", "back/*.txt"],
    ["*/*.csv", "done", "b.csv", ", after: { move: done }"],
  ];
  for (const one of allowed) expect(check(two(...one)), one.join(" ")).toBe("");
  expect(check(contactsJob().replace("files:", "on_reject: { copy: back }, files:"))).toContain("on_reject");
  expect(check(contactsJob().replace('files: "contacts*.csv"', "object: Contact, on_reject: { move: b }"))).toContain(
    "on_reject goes with `files`, not with `object`",
  );
});
