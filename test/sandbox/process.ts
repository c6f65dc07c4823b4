// A sandbox in a process of its own, for the tests that kill it and start it again on the same data. As a user starts it:
// from the sources it takes twice the processor time to be there.

import { onTestFinished } from "vitest";
import { startLoadline } from "../support/child.ts";
import { placeKeys } from "../support/sandbox-keys.ts";

export interface SandboxProcess {
  /** Origins. */
  salesforce: string;
  hubspot: string;
  /** With SIGKILL; returns once it is gone. */
  kill(): Promise<void>;
}

/** Ready when it returns; gone when the test ends. */
export async function startProcess(dataFolder: string, schemaFile: string): Promise<SandboxProcess> {
  placeKeys(dataFolder);
  const ports = ["--salesforce-port", "0", "--hubspot-port", "0", "--sftp-port", "0"];
  const running = startLoadline(["sandbox", ...ports, "--data", dataFolder, "--schema", schemaFile]);
  const kill = async (): Promise<void> => void (await running.kill("SIGKILL"));
  onTestFinished(kill);
  let printed = "";
  running.child.stdout?.on("data", (text: string) => {
    printed += text;
  });
  await running.untilPrinted("\n");
  const { salesforce, hubspot } = JSON.parse(printed) as Pick<SandboxProcess, "salesforce" | "hubspot">;
  return { salesforce, hubspot, kill };
}
