// What the tests, the pool and its hosts say to each other. Tests speak to the pool over a Unix socket, one JSON line
// each way; the pool to its hosts by IPC.

/** The pool's socket; without it, nothing is warm. */
export const socketVariable = "LOADLINE_TEST_POOL";

/** Ends what a run wrote to stdout, and to stderr. */
export const runEnd = "\u0000end of a run\u0000";

export interface RunRequest {
  kind: "run";
  args: readonly string[];
  cwd: string;
  env: Record<string, string>;
  msMax: number;
}

/** Host to pool. */
export interface RunReply {
  code: number;
  /** False: something threw where nobody waited, so that the host is not used again. */
  isSound: boolean;
}

/** Pool to test. */
export interface RunResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface SandboxRequest {
  kind: "sandbox";
  folder: string;
  files: { schema?: string; faults?: string };
}

export interface SandboxAddresses {
  salesforce: string;
  hubspot: string;
  sftp: string;
  hostKey: string;
}

export type SandboxReply = SandboxAddresses | { failure: string };
