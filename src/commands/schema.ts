// loadline schema: for editors, `# yaml-language-server: $schema=…`.

import { usageFailure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { jobJsonSchema } from "../job/json-schema.ts";
import { schemaOfConnections } from "../pipeline/tools/connections.ts";
import { printOut } from "../report/output.ts";
import type { CommandResult } from "./globals.ts";

export async function printSchema(which: string | undefined): CommandResult {
  printOut(JSON.stringify(schemaOf(which), null, 2));
  return exitCode.done;
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
