// loadline schema: for editors, `# yaml-language-server: $schema=…`.

import { join } from "node:path";
import { showPath, usageFailure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { writeDurably } from "../core/files.ts";
import { jobJsonSchema } from "../job/json-schema.ts";
import { schemaOfConnections } from "../pipeline/tools/connections.ts";
import { readProjectNames } from "../pipeline/tools/editor-names.ts";
import { printNotice, printOut } from "../report/output.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { findProjectIfAny, makeStateFolder, openProject, rehearsalOf } from "./project.ts";

export interface SchemaFlags {
  write?: boolean;
  sandbox?: boolean;
  schema?: string;
}

export async function printSchema(globals: Globals, which: string | undefined, flags: SchemaFlags): CommandResult {
  if (flags.write !== true) {
    refuseUseless(flags, "goes with --write: the schema that is printed is that of any project");
    printOut(JSON.stringify(schemaOf(which), null, 2));
  } else if (which === undefined || which === "job") await writeJobSchema(globals, flags);
  else {
    refuseUseless(flags, "is for the schema of jobs");
    writeSchema(globals, which, schemaOf(which), []);
  }
  return exitCode.done;
}

/** Throws a Failure (2) for a flag that would change nothing. */
function refuseUseless({ sandbox, schema }: SchemaFlags, why: string): void {
  if (sandbox !== true && schema === undefined) return;
  throw usageFailure(`${sandbox === true ? "--sandbox" : "--schema"} ${why}`, {
    next: "loadline schema job --write --sandbox",
  });
}

/** With the names of the project's connections, objects and fields, as far as the systems can be asked. */
async function writeJobSchema(globals: Globals, flags: SchemaFlags): Promise<void> {
  const rehearsal = rehearsalOf(flags);
  if (rehearsal === undefined && !findProjectIfAny(globals).isThere) {
    return writeSchema(globals, "job", jobJsonSchema(), ["there is no connections.yaml: no name of a system is in it"]);
  }
  await using project = await openProject(globals, rehearsal);
  const { names, problems } = await readProjectNames({ ...project, signal: globals.signal });
  writeSchema(globals, "job", jobJsonSchema(names), problems);
}

/** Where the first line of a job points: `# yaml-language-server: $schema=../.loadline/job.schema.json`. */
function writeSchema(globals: Globals, which: string, schema: object, problems: readonly string[]): void {
  const { folder } = findProjectIfAny(globals).project;
  makeStateFolder(folder);
  const path = join(folder, ".loadline", `${which}.schema.json`);
  writeDurably(path, `${JSON.stringify(schema, null, 2)}\n`);
  for (const problem of problems) printNotice(`! ${problem}`);
  printOut(globals.json ? JSON.stringify({ written: path, problems, exitCode: exitCode.done }) : showPath(path));
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
