// loadline connections pin: the key that a server shows.

import { exitCode } from "../core/exit-code.ts";
import { fetchServerKey } from "../pipeline/tools/server-key.ts";
import { printError, printOut } from "../report/output.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { connectionNamed, openProject } from "./project.ts";

export async function pinConnection(globals: Globals, name: string): CommandResult {
  await using project = await openProject(globals, undefined);
  const connection = connectionNamed(project, name);
  const { host, port, type, fingerprint, pinned } = await fetchServerKey(connection, project.environment);
  if (globals.json) {
    printOut(JSON.stringify({ connection: name, host, port, type, hostKey: fingerprint, pinned }));
    return exitCode.done;
  }
  printOut(`host_key: "${fingerprint}"   # ${type}, ${host}:${port}`);
  printError(adviceOn(name, fingerprint, pinned));
  return exitCode.done;
}

function adviceOn(name: string, fingerprint: string, pinned: string | null): string {
  if (pinned === fingerprint) return `this is the key that ${name} is pinned to`;
  const compare = "compare it with what the owner of the server says (ssh-keygen -lf prints it there)";
  return pinned === null
    ? `${compare}, then write the line below ${name} in connections.yaml`
    : `${name} is pinned to another key, ${pinned}: ${compare} before you change the line`;
}
