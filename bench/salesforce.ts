// A million records into the sandbox by upsert, and out of it again, by loadline and, where it is at hand, by the
// Salesforce CLI; each begins with an empty sandbox of its own.
// In: `node bench/salesforce.ts [--rows <n>] [--sf <path of the CLI>]`; Linux, for it reads /proc. Out: a Markdown table:
// seconds by the clock, CPU seconds and peak memory of the client, CPU seconds of the sandbox, calls.

import { once } from "node:events";
import { createWriteStream, readFileSync, statSync } from "node:fs";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import { parseArgs } from "node:util";
import {
  connections,
  createProject,
  type Project,
  type Running,
  startChild,
  startLoadline,
} from "../test/support/rig.ts";

const { values } = parseArgs({ options: { rows: { type: "string", default: "1000000" }, sf: { type: "string" } } });
const rows = Number(values.rows);
const token = "00Dsandbox0000001!loadline";
const fields = ["Ext__c", "FirstName", "LastName", "Email", "Phone", "Title", "Department", "MailingCity", "Birthdate"];
const schema = {
  salesforce: { Contact: { fields: { Ext__c: { type: "string", length: 40, externalId: true, unique: true } } } },
};

const upsertJob = `version: 1
name: upsert
streams:
  contacts:
    source: { connection: drop, files: contacts.csv }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: upsert }
    map: { ${fields.map((field) => `${field}: ${field}`).join(", ")} }
`;
const extractJob = `version: 1
name: extract
streams:
  contacts:
    source: { connection: salesforce, object: Contact, incremental: {} }
    target: { connection: drop, files: extracted.csv }
    map: { Id: Id, ${fields.map((field) => `${field}: ${field}`).join(", ")} }
`;

interface Cost {
  name: string;
  seconds: number;
  cpuSeconds: number;
  peakMb: number;
  sandboxCpuSeconds: number;
  calls: number;
}

const ticksPerSecond = 100;

async function writeContacts(path: string): Promise<void> {
  const file = createWriteStream(path);
  file.write(`${fields.join(",")}\n`);
  for (let row = 0; row < rows; row += 1) {
    const day = `19${String(50 + (row % 50))}-${String((row % 12) + 1).padStart(2, "0")}-11`;
    const cells = [`K${row}`, `First ${row}`, `Last ${row}`, `person${row}@example.com`, `+49 30 ${row}`];
    const line = [...cells, "Head of Things", `Department ${row % 40}`, "Berlin", day].join(",");
    if (!file.write(`${line}\n`)) await once(file, "drain");
  }
  file.end();
  await finished(file);
}

interface Org extends AsyncDisposable {
  origin: string;
  cpuSeconds(): number;
  calls(): Promise<number>;
}

async function startOrg(project: Project): Promise<Org> {
  project.write({ "schema.json": JSON.stringify(schema) });
  const data = project.path(`data-${Math.random().toString(36).slice(2)}`);
  const limits = [
    "--salesforce-port",
    "0",
    "--sftp-port",
    "0",
    "--data",
    data,
    "--schema",
    project.path("schema.json"),
  ];
  const running = startLoadline(["sandbox", ...limits], { msMax: 3_600_000 });
  const [line] = (await once(createInterface({ input: running.child.stdout as NodeJS.ReadableStream }), "line")) as [
    string,
  ];
  const { salesforce: origin } = JSON.parse(line) as { salesforce: string };
  return {
    origin,
    cpuSeconds: () => cpuOf(running),
    async calls() {
      const answer = (await (await fetch(`${origin}/__sandbox/calls`)).json()) as Record<string, number>;
      return Object.values(answer).reduce((sum, count) => sum + count, 0);
    },
    async [Symbol.asyncDispose]() {
      await running.kill("SIGTERM");
    },
  };
}

function cpuOf({ child }: Running): number {
  const stat = readFileSync(`/proc/${child.pid}/stat`, "utf8");
  const cells = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(cells[11]) + Number(cells[12])) / ticksPerSecond;
}

/** CPU and peak memory are looked at until the process is gone. */
async function measureRun(name: string, org: Org, start: () => Running): Promise<Cost> {
  const [callsBefore, sandboxBefore] = [await org.calls(), org.cpuSeconds()];
  const started = performance.now();
  const running = start();
  let cpuSeconds = 0;
  let peakMb = 0;
  const looking = setInterval(() => {
    try {
      cpuSeconds = cpuOf(running);
      const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${running.child.pid}/status`, "utf8"))?.[1];
      peakMb = Math.max(peakMb, Number(peak ?? 0) / 1024);
    } catch {
      // Gone between two looks.
    }
  }, 50);
  const { code, stdout, stderr } = await running.finished;
  clearInterval(looking);
  if (code !== 0) throw new Error(`${name} ended with ${code}:\n${stdout}\n${stderr}`);
  const seconds = (performance.now() - started) / 1000;
  const sandboxCpuSeconds = org.cpuSeconds() - sandboxBefore;
  return { name, seconds, cpuSeconds, peakMb, sandboxCpuSeconds, calls: (await org.calls()) - callsBefore };
}

async function measureLoadline(project: Project): Promise<Cost[]> {
  await using org = await startOrg(project);
  project.write({ ...connections(org), "upsert.yaml": upsertJob, "extract.yaml": extractJob });
  const run = (job: string) => project.start(["run", job, "--json"], { msMax: 3_600_000 });
  const costs = [
    await measureRun("loadline, upsert", org, () => run("upsert.yaml")),
    await measureRun("loadline, extract", org, () => run("extract.yaml")),
  ];
  refuseShort(project.path("inbox/extracted.csv"));
  return costs;
}

function refuseShort(path: string): void {
  const lines = readFileSync(path, "latin1").split("\n").length - 2;
  if (lines !== rows) throw new Error(`${path} holds ${lines} records of ${rows}, ${statSync(path).size} bytes`);
}

async function measureCli(project: Project, cli: string): Promise<Cost[]> {
  await using org = await startOrg(project);
  const env = {
    HOME: project.folder,
    SF_ACCESS_TOKEN: token,
    SF_DISABLE_TELEMETRY: "true",
    SF_AUTOUPDATE_DISABLE: "true",
    SF_USE_GENERIC_UNIX_KEYCHAIN: "true",
    SF_DISABLE_DNS_CHECK: "true",
  };
  const sf = (...args: string[]) =>
    startChild(process.execPath, [cli, ...args], { env, cwd: project.folder, msMax: 3_600_000 });
  const login = [
    "org",
    "login",
    "access-token",
    "--instance-url",
    org.origin,
    "--no-prompt",
    "--alias",
    "org",
    "--set-default",
  ];
  const { code, stderr } = await sf(...login).finished;
  if (code !== 0) throw new Error(stderr);
  const file = project.path("inbox/contacts.csv");
  const upsert = [
    "data",
    "upsert",
    "bulk",
    "--sobject",
    "Contact",
    "--file",
    file,
    "--external-id",
    "Ext__c",
    "--wait",
    "30",
  ];
  const query = `SELECT Id, ${fields.join(", ")} FROM Contact`;
  const output = project.path("exported.csv");
  const extract = ["data", "export", "bulk", "--query", query, "--output-file", output, "--wait", "30"];
  const costs = [
    await measureRun("sf CLI, upsert", org, () => sf(...upsert)),
    await measureRun("sf CLI, extract", org, () => sf(...extract)),
  ];
  refuseShort(output);
  return costs;
}

await using project = createProject();
project.write({ "inbox/.keep": "" });
await writeContacts(project.path("inbox/contacts.csv"));
const costs = await measureLoadline(project);
if (values.sf !== undefined) costs.push(...(await measureCli(project, values.sf)));
const lines = costs.map(({ name, seconds, cpuSeconds, peakMb, sandboxCpuSeconds, calls }) =>
  [name, seconds.toFixed(1), cpuSeconds.toFixed(1), Math.round(peakMb), sandboxCpuSeconds.toFixed(1), calls].join(
    " | ",
  ),
);
process.stdout.write(`### ${rows.toLocaleString("en")} records of ${fields.length} fields

| | seconds | client CPU s | client peak MB | sandbox CPU s | calls |
|---|---|---|---|---|---|
${lines.map((line) => `| ${line} |`).join("\n")}
`);
