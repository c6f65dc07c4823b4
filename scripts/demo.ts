// npm run demo: loadline on a vendor's delivery, against the sandbox: plan, load, and once more with nothing to do; then a
// plan that is looked at and applied while somebody edits a record; a reject that is mended and loaded; a nightly drop over
// SFTP. In: the example project; the folder to work in (default: .loadline-demo).
// Out: what the real program prints, with a few words between. What must hold: every step is checked against what the
// program says it did, and the first one that is not as announced ends the demo with exit code 1.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";

const root = join(import.meta.dirname, "..");
const folder = resolve(process.argv[2] ?? join(root, ".loadline-demo"));
const shownFolder = relative(process.cwd(), folder) || ".";
const job = "jobs/vendor-contacts-to-salesforce.yaml";
const feedJob = "jobs/vendor-feed-to-salesforce.yaml";
const delivery = join(folder, "fixtures/contacts-vendor/contacts_south.csv");

type Counts = Record<string, number>;

interface ShownRun {
  run: string;
  summary: { exitCode: number; streams: Record<string, Counts> };
}

async function main(): Promise<void> {
  say(`An example project is copied to ${shownFolder}: 2,000 accounts and 20,000 contacts as a vendor sends them, a job
that loads them into Salesforce, and a sandbox that stands in for the org. Nothing leaves this machine.`);
  prepareFolder();

  heading("1. What would a load change? The plan reads, maps, checks and compares, and writes nothing.");
  runLoadline("plan", job, "--sandbox");
  expectCounts("the plan", { accounts: { creates: 1997, loaded: 0 }, contacts: { creates: 19_690, loaded: 0 } });

  heading("2. Load it.");
  runLoadline("run", job, "--sandbox");
  const { run } = expectCounts("the first load", { accounts: { loaded: 1997 }, contacts: { loaded: 19_690 } });
  sayRejects(run);

  heading("3. And once more: nothing to do.");
  runLoadline("run", job, "--sandbox");
  expectCounts("the second load", {
    accounts: { loaded: 0, unchanged: 1997 },
    contacts: { loaded: 0, unchanged: 19_690, updates: 0, creates: 0 },
  });

  heading("4. The next day, the vendor sends it all again with a few changes. What are they?");
  changeDelivery();
  runLoadline("plan", job, "--sandbox");
  const { run: plan } = expectCounts("the second plan", { contacts: { updates: 3, creates: 1, unchanged: 19_687 } });

  heading("5. Somebody reviews the plan, field by field. Meanwhile a colleague changes a phone number in Salesforce.");
  runLoadline("show", plan, "--changes");
  await editInSalesforce("C-115000", { Phone: "+49 40 7654321" });

  heading("6. Apply it: what was reviewed is written, and nothing else. The record that changed since is held back.");
  runLoadline("apply", plan);
  const { run: applied } = expectCounts("apply", {
    contacts: { updates: 2, creates: 1, conflicts: 1, loaded: 3 },
  });
  sayConflict(applied);

  heading("7. What was not loaded is a loop: list it, mend a row, load it.");
  runLoadline("rejects", applied, "--stream", "contacts");
  mendOne(applied);
  runLoadline("rejects", applied, "--retry", "mend.csv");
  expectCounts("the retry", { contacts: { extracted: 1, rejected: 0, creates: 1, loaded: 1 } });

  heading("8. Another vendor drops files on an SFTP server every night. Each is taken once, and moved away.");
  runLoadline("run", feedJob, "--sandbox");
  expectCounts("the first night", { accounts: { loaded: 4 }, contacts: { loaded: 6, rejected: 1 } });
  dropFile();
  runLoadline("run", feedJob, "--sandbox");
  expectCounts("the second night", { contacts: { extracted: 2, creates: 1, updates: 1, loaded: 2 } });
  sayNext();
}

/** The second night's file; those of the first are still there, and are not taken again. */
function dropFile(): void {
  const file = join(folder, "fixtures/sftp/feed/contacts_2026-11-20.csv");
  const rows = "K-2;4711;Ole;Brandt;ole.brandt@hafen.example;Head of Finance\nK-8;4714;Jo;Frey;jo@dockside.example;\n";
  writeFileSync(file, `number;account;first_name;last_name;email;title\n${rows}`);
  writeFileSync(`${file}.done`, "");
  say("\nThe next night: a file with two contacts, one of them new.\n");
}

function prepareFolder(): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of ["connections.yaml", "sandbox.yaml", "jobs", "fixtures"]) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
}

/** Runs the real program in the demo's folder and lets it print. Ends the demo if it fails. */
function runLoadline(...args: string[]): void {
  say(`$ loadline ${args.join(" ")}\n`);
  const { status } = spawnLoadline(args, "inherit");
  if (status !== 0) fail(`loadline ${args.join(" ")} ended with exit code ${status}`);
}

function spawnLoadline(args: readonly string[], stdout: "inherit" | "pipe") {
  return spawnSync(process.execPath, [join(root, "bin/loadline.js"), ...args], {
    cwd: folder,
    stdio: ["ignore", stdout, "inherit"],
    encoding: "utf8",
  });
}

function readJson<T>(...args: string[]): T {
  const { status, stdout } = spawnLoadline([...args, "--json"], "pipe");
  if (status !== 0) fail(`loadline ${args.join(" ")} ended with exit code ${status}`);
  return JSON.parse(stdout) as T;
}

/** Compares counts of the newest run with what was announced; gives the run. */
function expectCounts(what: string, expected: Record<string, Counts>): ShownRun {
  const shown = readJson<ShownRun>("show", "latest");
  for (const [stream, counts] of Object.entries(expected)) {
    for (const [name, count] of Object.entries(counts)) {
      const found = shown.summary.streams[stream]?.[name];
      if (found !== count) fail(`${what} was to have ${count} ${name} of ${stream}, and has ${found}`);
    }
  }
  return shown;
}

function sayRejects(run: string): void {
  const path = join(folder, ".loadline/sandbox/runs", run, "rejects/contacts.csv");
  const rejects: Record<string, string>[] = parse(readFileSync(path, "utf8"), { columns: true });
  const [first = {}] = rejects.filter(({ loadline_field: field }) => field !== "");
  say(`
${rejects.length} contacts were not loaded. They are kept with the reason, to be mended in any spreadsheet:
  ${relative(process.cwd(), path)}
One of them: line ${first["loadline_line"]} of ${first["loadline_file"]}, ${first["loadline_field"]}: ${first["loadline_error"]}.`);
}

/** As a person does it in the org's own pages: the sandbox is started on the data of this project for that. */
async function editInSalesforce(key: string, fields: Record<string, string>): Promise<void> {
  const ports = ["--salesforce-port", "0", "--hubspot-port", "0", "--sftp-port", "0"];
  const places = ["--data", join(folder, ".loadline/sandbox/data"), "--schema", join(folder, "sandbox.yaml")];
  const program = [join(root, "bin/loadline.js"), "sandbox", ...ports, ...places];
  const sandbox = spawn(process.execPath, program, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(sandbox.stdout, "data")) as [Buffer];
  const { salesforce } = JSON.parse(line.toString("utf8")) as { salesforce: string };
  const answer = await fetch(`${salesforce}/services/data/v66.0/sobjects/Contact/Vendor_Contact_Id__c/${key}`, {
    method: "PATCH",
    headers: { Authorization: "Bearer 00Dsandbox0000001!loadline", "Content-Type": "application/json" },
    body: JSON.stringify(fields),
  });
  const ended = once(sandbox, "exit");
  sandbox.kill("SIGTERM");
  await ended;
  if (!answer.ok) fail(`the colleague's change was answered with ${answer.status}`);
  const told = Object.entries(fields).map(([name, value]) => `${name} is ${value} now`);
  say(`\nIn Salesforce: ${key}: ${told.join(", ")}.`);
}

function sayConflict(run: string): void {
  const path = join(folder, ".loadline/sandbox/runs", run, "conflicts/contacts.csv");
  const [conflict = {}]: Record<string, string>[] = parse(readFileSync(path, "utf8"), { columns: true });
  say(`\nHeld back: ${conflict["loadline_key"]}: ${conflict["loadline_error"]}.`);
}

/** Exports the open rows, and keeps the first whose address is none, with one that is. */
function mendOne(run: string): void {
  const file = join(folder, "mend.csv");
  runLoadline("rejects", run, "--stream", "contacts", "--export", "mend.csv");
  const rows: Record<string, string>[] = parse(readFileSync(file, "utf8"), { columns: true });
  const wrong = rows.find(({ loadline_field: field }) => field === "Email");
  if (wrong === undefined) fail("no contact was rejected for its address");
  const mended = { ...wrong, email: "asked.by.phone@mail.example" };
  say(
    `\nSomebody calls ${wrong["contact_no"]}: "${wrong["email"]}" becomes "${mended.email}"; the other rows are left for later.\n`,
  );
  writeFileSync(file, stringify([mended], { header: true }));
}

/** Three contacts change, one is new. */
function changeDelivery(): void {
  const rows: Record<string, string>[] = parse(readFileSync(delivery, "utf8"), { columns: true });
  const changes: [string, string, string][] = [
    ["C-110003", "title", "Head of Purchasing"],
    ["C-115000", "phone", "+49 30 5550199"],
    ["C-119998", "last_name", "O'Sullivan-Müller"],
  ];
  for (const [key, column, value] of changes) {
    const row = rows.find(({ contact_no }) => contact_no === key);
    if (row === undefined) fail(`the delivery has no contact ${key}`);
    say(`  ${key}  ${column}: "${row[column]}" becomes "${value}"`);
    row[column] = value;
  }
  const added = {
    ...rows[0],
    contact_no: "C-200000",
    first_name: "Noor",
    last_name: "Haddad",
    email: "noor@mail.example",
  };
  say("  C-200000  is new\n");
  rows.push(added);
  writeFileSync(delivery, stringify(rows, { header: true }));
}

function sayNext(): void {
  const run = "npm run -s loadline --";
  say(`
Done. What to try next (${shownFolder} stays as it is until the next demo):
  ${run} runs --dir ${shownFolder}
  ${run} show <run-id> --dir ${shownFolder}
  ${run} plan jobs/partners-mirror.yaml --sandbox      the other examples: see jobs/
  ${run} check jobs/*.yaml --sandbox                   what can be known to be wrong before a row is read
  README.md tells how to point a job at your own org.`);
}

function heading(text: string): void {
  say(`\n── ${text}\n`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function fail(text: string): never {
  process.stderr.write(`\nThe demo stops: ${text}.\n`);
  process.exit(1);
}

await main();
