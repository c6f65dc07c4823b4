// Files for the reader, and what it says about them.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connectors } from "../../src/connectors/registry.ts";
import { Failure } from "../../src/core/errors.ts";
import { readConnections } from "../../src/job/read-connections.ts";
import { readJob } from "../../src/job/read-job.ts";
import { makeKeptFolder } from "../support/kept-folder.ts";

const folder = makeKeptFolder("job-");

/** Writes a file into the test's folder; its path. */
export function writeFile(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** The message of the Failure that `action` throws, without the folder; anything else fails the test. */
export function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.exitCode !== 2) throw new Error(`exit code ${error.exitCode}`, { cause: error });
    return error.message.replaceAll(`${folder}/`, "");
  }
  throw new Error("nothing was refused");
}

export function readJobText(text: string) {
  return readJob(writeFile("job.yaml", text));
}

export function refusalOfJob(text: string): string {
  return messageOf(() => readJobText(text));
}

export function refusalOfConnections(text: string): string {
  return messageOf(() => readConnections(writeFile("connections.yaml", text), connectors, {}));
}

/** A job that is fine: `stream` is put at the end of its one stream, `job` at the end of the file. */
export function jobText(parts: { stream?: string; job?: string; map?: string } = {}): string {
  return `version: 1
name: accounts
streams:
  accounts:
    source: { connection: drop, files: "*.csv" }
    target: { connection: salesforce, object: Account, key: Id__c, mode: upsert }
    map:
      Id__c: account_no
      Name: trim(name)
${indent(parts.map ?? "", 6)}${indent(parts.stream ?? "", 4)}${parts.job ?? ""}`;
}

function indent(text: string, columns: number): string {
  return text.replaceAll(/^(?=.)/gm, " ".repeat(columns)).replace(/(?<=.)$/, "\n");
}
