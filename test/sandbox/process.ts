// A sandbox in a process of its own (serve.ts), for the tests that kill it and start it again on the same data.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

export interface SandboxProcess {
  /** Origins. */
  salesforce: string;
  hubspot: string;
  /** With SIGKILL; returns once it is gone. */
  kill(): Promise<void>;
}

/** Ready when it returns; gone when the test ends. */
export async function startProcess(dataFolder: string, schemaFile: string): Promise<SandboxProcess> {
  const script = join(import.meta.dirname, "serve.ts");
  const child = spawn(process.execPath, [script, dataFolder, schemaFile], { stdio: ["ignore", "pipe", "inherit"] });
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  };
  onTestFinished(kill);
  const origins: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) if (origins.push(line) === 2) break;
  const [salesforce = "", hubspot = ""] = origins;
  return { salesforce, hubspot, kill };
}
