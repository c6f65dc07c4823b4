// loadline schema: for editors, `# yaml-language-server: $schema=…`.

import { join } from "node:path";
import { showPath, usageFailure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { writeDurably } from "../core/files.ts";
import { jobJsonSchema } from "../job/json-schema.ts";
import { schemaOfConnections } from "../pipeline/tools/connections.ts";
import { printOut } from "../report/output.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { findProjectIfAny, makeStateFolder } from "./project.ts";

export async function printSchema(
  globals: Globals,
  which: string | undefined,
  flags: { write?: boolean },
): CommandResult {
  const text = JSON.stringify(schemaOf(which), null, 2);
  if (flags.write === true) writeSchema(globals, which ?? "job");
  else printOut(text);
  return exitCode.done;
}

/** Where the first line of a job points: `# yaml-language-server: $schema=../.loadline/job.schema.json`. */
function writeSchema(globals: Globals, which: string): void {
  const { folder } = findProjectIfAny(globals).project;
  makeStateFolder(folder);
  const path = join(folder, ".loadline", `${which}.schema.json`);
  writeDurably(path, `${JSON.stringify(schemaOf(which), null, 2)}\n`);
  printOut(globals.json ? JSON.stringify({ written: path, exitCode: exitCode.done }) : showPath(path));
}

function schemaOf(which: string | undefined): object {
  if (which === "job") return jobJsonSchema();
  if (which === "connections") return schemaOfConnections();
  if (which !== undefined)
    throw usageFailure(`there is no schema of ${which}`, { next: "loadline schema job | connections" });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "A loadline job or connections file",
    $defs: { job: jobJsonSchema(), connections: schemaOfConnections() },
    anyOf: [{ $ref: "#/$defs/job" }, { $ref: "#/$defs/connections" }],
  };
}
