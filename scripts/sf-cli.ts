// node scripts/sf-cli.ts [folder]: the Salesforce CLI, unmodified, against the sandbox. Not part of the gate: it installs
// the CLI (some 300 MB) into the folder, or into a temporary one.
// In: nothing. Out: one line a command. Must hold: what a command says it did is what the sandbox then holds; the first
// difference ends the script with exit code 1.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { parse } from "csv-parse/sync";
import { type Sandbox, startSandbox } from "../src/sandbox/sandbox.ts";

const cliVersion = "2.146.3";
const token = "00Dsandbox0000001!loadline";
const kept = process.argv[2];
const folder = kept ?? mkdtempSync(join(tmpdir(), "loadline-sf-cli-"));

type Row = Record<string, string>;

interface Ran {
  exitCode: number;
  result: Record<string, unknown>;
  name: string;
}

async function main(): Promise<void> {
  mkdirSync(join(folder, "work"), { recursive: true });
  await installCli();
  const schemaFile = join(folder, "sandbox.json");
  const Vendor_Id__c = { type: "string", length: 20, externalId: true, unique: true };
  writeFileSync(schemaFile, JSON.stringify({ salesforce: { Contact: { fields: { Vendor_Id__c } } } }));
  const sandbox = await startSandbox({ salesforcePort: 0, hubspotPort: 0, seed: "demo", faultSeed: 1, schemaFile });
  try {
    await runCommands(sandbox);
  } finally {
    await sandbox.close();
    if (kept === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

async function runCommands(sandbox: Sandbox): Promise<void> {
  const contacts = async (): Promise<Record<string, unknown>[]> => {
    const text = await (await fetch(`${sandbox.salesforce}/__sandbox/salesforce/Contact`)).text();
    const rows = text.split("\n").filter(Boolean);
    return rows.map((line) => JSON.parse(line)).filter((row) => row.IsDeleted === false);
  };
  const seeded = (await contacts()).length;

  const login = `org login access-token --instance-url ${sandbox.salesforce} --no-prompt --alias sandbox --set-default`;
  const signedIn = await sf(login);
  report(signedIn, "the org", signedIn.result["orgId"], "00Dsandbox00000EAA");

  const query = await sf("data query --query", "SELECT Id, Name, Account.Name FROM Contact");
  report(query, "records", query.result["totalSize"], seeded);

  writeCsv("import.csv", ["Vendor_Id__c", "LastName"], people(0, 500));
  const imported = await sf("data import bulk --sobject Contact --file import.csv --wait 5");
  report(imported, "records", imported.result["processedRecords"], 500);
  expectEqual("contacts after the import", (await contacts()).length, seeded + 500);

  writeCsv("upsert.csv", ["Vendor_Id__c", "LastName", "Email"], [...people(400, 200), ["bad", "Bad", "no email"]]);
  const upserted = await sf("data upsert bulk --sobject Contact --file upsert.csv --external-id Vendor_Id__c --wait 5");
  expectEqual("exit code with a failed row", upserted.exitCode, 1);
  report(upserted, "contacts", (await contacts()).length, seeded + 600);

  const jobId = await lastJob(sandbox);
  const results = await sf(`data bulk results --job-id ${jobId}`);
  report(results, "failed records", results.result["failedRecords"], 1);
  const [failed] = readCsv(String(results.result["failedFilePath"]));
  expectEqual("the error", failed?.["sf__Error"]?.split(":")[0], "INVALID_EMAIL_ADDRESS");

  const soql = "SELECT Id, Vendor_Id__c, LastName FROM Contact WHERE Vendor_Id__c != null";
  const exported = await sf("data export bulk --output-file export.csv --wait 5 --query", soql);
  const rows = readCsv("export.csv");
  report(exported, "records", rows.length, 600);
  const stored = new Map((await contacts()).map((row) => [row["Id"], row["LastName"]]));
  expectEqual("exported values that differ", rows.filter((row) => stored.get(row["Id"]) !== row["LastName"]).length, 0);

  writeCsv(
    "delete.csv",
    ["Id"],
    rows.map((row) => [row["Id"] ?? ""]),
  );
  const deleted = await sf("data delete bulk --sobject Contact --file delete.csv --wait 5");
  report(deleted, "contacts", (await contacts()).length, seeded);
}

async function installCli(): Promise<void> {
  if (existsSync(cliEntry())) return;
  // Some of its dependencies want to build things: nothing here needs that.
  const install = ["install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts"];
  const { exitCode, output } = await start("npm", [...install, `@salesforce/cli@${cliVersion}`], process.env);
  if (exitCode !== 0) throw new Error(`the CLI could not be installed:\n${output}`);
}

function cliEntry(): string {
  return join(folder, "node_modules/@salesforce/cli/bin/run.js");
}

/** Runs a command of the CLI; a query is an argument of its own. */
async function sf(command: string, ...rest: string[]): Promise<Ran> {
  const words = command.split(" ");
  const { exitCode, output } = await start(process.execPath, [cliEntry(), ...words, ...rest, "--json"], environment());
  const name = `sf ${words
    .slice(
      0,
      words.findIndex((word) => word.startsWith("-")),
    )
    .join(" ")}`;
  const answer = JSON.parse(output.slice(output.indexOf("{"))) as {
    result?: Record<string, unknown>;
    message?: string;
  };
  return { exitCode, name, result: answer.result ?? {} };
}

function start(
  program: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ exitCode: number; output: string }> {
  const child = spawn(program, words, { cwd: join(folder, "work"), env });
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode) => resolve({ exitCode: exitCode ?? 1, output: output === "" ? errors : output }));
  });
}

// The CLI sends everything through a proxy that it finds, calls to this machine too.
function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/proxy/i.test(name) || name.startsWith("npm_"));
  return {
    ...Object.fromEntries(own),
    HOME: join(folder, "work"),
    PATH: `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}`,
    SF_ACCESS_TOKEN: token,
    SF_DISABLE_TELEMETRY: "true",
    SF_AUTOUPDATE_DISABLE: "true",
    SF_SKIP_NEW_VERSION_CHECK: "true",
    SF_USE_GENERIC_UNIX_KEYCHAIN: "true",
    SF_DISABLE_DNS_CHECK: "true",
  };
}

async function lastJob(sandbox: Sandbox): Promise<string> {
  const jobs = (await (await fetch(`${sandbox.salesforce}/__sandbox/salesforce/jobs`)).json()) as { id: string }[];
  return jobs.at(-1)?.id ?? "";
}

function people(from: number, count: number): string[][] {
  return Array.from({ length: count }, (_, index) => [`V${from + index}`, `Person ${from + index}`, ""]);
}

function writeCsv(name: string, columns: readonly string[], rows: readonly (readonly string[])[]): void {
  const lines = [columns, ...rows.map((row) => row.slice(0, columns.length))].map((row) => row.join(","));
  writeFileSync(join(folder, "work", name), `${lines.join("\n")}\n`);
}

function readCsv(name: string): Row[] {
  return parse(readFileSync(join(folder, "work", name)), { columns: true });
}

function report({ name }: Ran, what: string, found: unknown, expected: unknown): void {
  expectEqual(`${name}: ${what}`, found, expected);
  process.stdout.write(`ok  ${name.padEnd(26)} ${what}: ${String(found)}\n`);
}

function expectEqual(what: string, found: unknown, expected: unknown): void {
  if (found !== expected) throw new Error(`${what}: ${String(found)} instead of ${String(expected)}`);
}

await main();
