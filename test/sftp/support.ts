// A project whose connection `vendor` is the sandbox's SFTP server, with a job that copies its files into one.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createProject, type Project, type Sandbox, type SandboxRequest, startSandbox } from "../support/rig.ts";

export interface Vendor extends AsyncDisposable {
  sandbox: Sandbox;
  project: Project;
  /** What the server serves. */
  folder: string;
  put(files: Record<string, string | Uint8Array>): void;
  read(name: string): string;
  list(name?: string): string[];
  /** Ends the server, as a power cut does, and starts it again on the same ports with the same data. */
  restart(): Promise<void>;
}

export interface CopyJob {
  files?: string;
  /** Lines below source. */
  source?: string;
  /** Of the target: `connection: out` is a local folder. */
  target?: string;
  mode?: string;
  top?: string;
}

/** A job `copy` of one stream: columns id and last, written to people.csv. */
export function copyJob({ files = "in/*.csv", source = "", target = "", top = "" }: CopyJob = {}): string {
  return `version: 1
name: copy
streams:
  people:
    source: { connection: vendor, files: "${files}"${source} }
    target: { connection: out, files: people.csv${target} }
    map: { Id: id, Name: last }
${top}
`;
}

export function connectionsFile(vendor: string): string {
  return `version: 1
connections:
  vendor: ${vendor}
  out: { type: file, path: ./out }
`;
}

export async function startVendor(files: Record<string, string>, request: SandboxRequest = {}): Promise<Vendor> {
  const data = mkdtempSync(join(tmpdir(), "loadline-vendor-"));
  const folder = join(data, "sftp");
  mkdirSync(folder);
  const first = await startSandbox({ ...request, data });
  const auth = `auth: { password: "\${SFTP_PASSWORD}" }, host_key: "${first.hostKey}"`;
  const project = createProject({
    "connections.yaml": connectionsFile(`{ type: sftp, url: "${first.sftp}", ${auth} }`),
    ...files,
  });
  project.env["SFTP_PASSWORD"] = "sandbox";
  const vendor: Vendor = {
    sandbox: first,
    project,
    folder,
    put(named) {
      for (const [name, content] of Object.entries(named)) {
        mkdirSync(dirname(join(folder, name)), { recursive: true });
        writeFileSync(join(folder, name), content);
      }
    },
    read: (name) => readFileSync(join(folder, name), "utf8"),
    list: (name = ".") => readdirSync(join(folder, name)).sort(),
    async restart() {
      const port = Number(new URL(vendor.sandbox.origin).port);
      const sftpPort = Number(new URL(vendor.sandbox.sftp).port);
      await vendor.sandbox.stop("SIGKILL");
      vendor.sandbox = await startSandbox({ ...request, data, port, sftpPort });
    },
    async [Symbol.asyncDispose]() {
      await project[Symbol.asyncDispose]();
      await vendor.sandbox[Symbol.asyncDispose]();
      rmSync(data, { recursive: true, force: true });
    },
  };
  return vendor;
}

/**
 * A CSV of so many MB, and its rows, every one different and 3.5 kB long: for what is about bytes on their way, and rows
 * cost far more than bytes do.
 */
export function manyBytes(megabytes: number): { csv: string; rows: number } {
  const rows = Math.ceil((megabytes * 1_000_000) / longRow);
  const lines = Array.from({ length: rows }, (_, index) => `${index},name ${String(index).padStart(longRow, "0")}`);
  return { csv: `id,last\n${lines.join("\n")}\n`, rows };
}

const longRow = 3500;
