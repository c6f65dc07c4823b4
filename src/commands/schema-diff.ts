// loadline schema diff: source and target of a job against the shape that its last run kept.

import { exitCode } from "../core/exit-code.ts";
import { diffShapes } from "../pipeline/tools/diff-shapes.ts";
import { printNotice, printOut } from "../report/output.ts";
import { renderShapeChanges } from "../report/shape-changes.ts";
import { visible } from "../report/visible-text.ts";
import type { SystemFlags } from "./connections.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { openProject, readProjectJob, rehearsalOf } from "./project.ts";

export async function diffSchema(globals: Globals, file: string, flags: SystemFlags): CommandResult {
  await using project = await openProject(globals, rehearsalOf(flags));
  const job = readProjectJob(file, project.connections);
  const { streams, warnings } = await diffShapes({ ...project, job, signal: globals.signal });
  for (const warning of warnings) printNotice(`! ${warning}`);
  if (globals.json) {
    printOut(JSON.stringify({ job: job.name, streams: Object.fromEntries(streams), exitCode: exitCode.done }));
  } else printOut(renderShapeChanges(streams).map(visible).join("\n"));
  return exitCode.done;
}
