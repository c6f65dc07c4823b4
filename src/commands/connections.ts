// loadline connections: the systems of connections.yaml; test signs in, pin prints the key that a server shows, prepare makes
// what a database wants to remember what was written.

import { exitCodeOf, explain } from "../core/errors.ts";
import { type ExitCode, exitCode, worstExitCode } from "../core/exit-code.ts";
import { type TestedConnection, testConnection } from "../pipeline/tools/connections.ts";
import { preparationOf } from "../pipeline/tools/preparation.ts";
import { fetchServerKey } from "../pipeline/tools/server-key.ts";
import { connectionLines, testedLine } from "../report/connections-view.ts";
import { chosenLog, lookOfOut, printFailure, printNotice, printOut } from "../report/output.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { connectionNamed, connectionsNamed, openSystems, rehearsalOf } from "./project.ts";

export interface SystemFlags {
  sandbox?: boolean;
  schema?: string;
}

export async function listConnections(globals: Globals, flags: SystemFlags): CommandResult {
  await using project = await openSystems(globals, rehearsalOf(flags));
  const all = [...project.connections.values()].map(({ name, type, holds, protected: isProtected }) => {
    return { connection: name, type, holds, protected: isProtected };
  });
  printOut(globals.json ? JSON.stringify({ connections: all }) : connectionLines(all, lookOfOut(globals.color)));
  return exitCode.done;
}

/** One after the other: each says what it has to say, and the first that fails keeps none of the others from it. */
export async function testConnections(globals: Globals, glob: string | undefined, flags: SystemFlags): CommandResult {
  await using project = await openSystems(globals, rehearsalOf(flags));
  const codes: ExitCode[] = [];
  const told: object[] = [];
  for (const connection of connectionsNamed(project, glob)) {
    const { name, type } = connection;
    try {
      const tested = await testConnection(connection, { ...project, signal: globals.signal });
      if (!globals.json) show(tested);
      told.push({ ...tested, ok: true });
      codes.push(exitCode.done);
    } catch (error) {
      if (globals.signal.aborted) throw error;
      const code = exitCodeOf(error);
      if (!globals.json || chosenLog().isJson) printFailure(error);
      told.push({ connection: name, type, ok: false, problem: explain(error), exitCode: code });
      codes.push(code);
    }
  }
  const code = worstExitCode(codes);
  if (globals.json) printOut(JSON.stringify({ connections: told, exitCode: code }));
  return code;
}

function show(tested: TestedConnection): void {
  printOut(testedLine(tested));
  for (const warning of tested.warnings) printNotice(`! ${tested.connection}: ${warning}`);
}

export async function pinConnection(globals: Globals, name: string, flags: SystemFlags): CommandResult {
  await using project = await openSystems(globals, rehearsalOf(flags));
  const connection = connectionNamed(project, name);
  const { host, port, type, fingerprint, pinned } = await fetchServerKey(connection, project.environment);
  if (globals.json) {
    printOut(JSON.stringify({ connection: name, host, port, type, hostKey: fingerprint, pinned }));
    return exitCode.done;
  }
  printOut(`host_key: "${fingerprint}"   # ${type}, ${host}:${port}`);
  printNotice(adviceOn(name, fingerprint, pinned));
  return exitCode.done;
}

/** `isPrinted`: the statements are only shown, for somebody else to run. */
export async function prepareConnection(globals: Globals, name: string, isPrinted: boolean): CommandResult {
  await using project = await openSystems(globals, rehearsalOf({}));
  const connection = connectionNamed(project, name);
  const { statements, run } = await preparationOf(connection);
  if (isPrinted) {
    printOut(globals.json ? JSON.stringify({ connection: name, statements }) : statements.trimEnd());
    return exitCode.done;
  }
  const { environment } = project;
  await run({ environment, onRetry: printNotice, signal: globals.signal });
  const told = { connection: name, prepared: true };
  printOut(globals.json ? JSON.stringify(told) : `${name} remembers what is written: it has loadline.batch`);
  return exitCode.done;
}

function adviceOn(name: string, fingerprint: string, pinned: string | null): string {
  if (pinned === fingerprint) return `this is the key that ${name} is pinned to`;
  const compare = "compare it with what the owner of the server says (ssh-keygen -lf prints it there)";
  return pinned === null
    ? `${compare}, then write the line below ${name} in connections.yaml`
    : `${name} is pinned to another key, ${pinned}: ${compare} before you change the line`;
}
