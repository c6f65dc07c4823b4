// loadline preview: source rows beside what is made of them.

import { usageFailure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { previewJob, withFormer } from "../pipeline/tools/trial/preview.ts";
import { openPreviewed } from "../pipeline/tools/trial/preview-systems.ts";
import { lookOfOut, printNotice, printOut } from "../report/output.ts";
import { previewJson, renderPreview } from "../report/preview.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { type OfflineSystems, openOffline } from "./offline.ts";
import { openProject, readProjectJob, rehearsalOf } from "./project.ts";
import { readStreams } from "./run-options.ts";

export interface PreviewFlags {
  limit: number;
  where?: string;
  stream?: string;
  sandbox?: boolean;
  schema?: string;
}

export async function preview(globals: Globals, file: string, flags: PreviewFlags): CommandResult {
  if (flags.limit === 0) throw usageFailure("--limit 0 shows no row", { next: "name how many rows to show" });
  await using project = await openProject(globals, rehearsalOf(flags));
  const job = readProjectJob(file, project.connections);
  const streams =
    readStreams(job, flags.stream) ?? job.streams.flatMap(({ name, madeFor }) => (madeFor === undefined ? [name] : []));
  const needed = withFormer(job, streams);
  const { environment } = project;
  const { signal } = globals;
  let offline: OfflineSystems | undefined;
  const playOffline = async () => {
    offline ??= await openOffline(project.folder, project.connections, flags.schema);
    return offline.connections;
  };
  const { connections } = project;
  try {
    const asked = { streams: needed, connections, environment, playOffline, signal, tell: printNotice };
    const systems = await openPreviewed(asked);
    try {
      const previewed = await previewJob({
        job,
        sources: new Map([...systems].map(([name, { source }]) => [name, source])),
        targets: new Map([...systems].map(([name, { target }]) => [name, target])),
        environment,
        streams,
        limit: flags.limit,
        ...(flags.where === undefined ? {} : { where: flags.where }),
        emit: (event) => {
          if (event.type === "warning") printNotice(`! ${event.message}`);
        },
        signal,
      });
      if (globals.json) printOut(JSON.stringify(previewJson(job.name, previewed)));
      else printOut(renderPreview(previewed, lookOfOut(globals.color)).trimEnd());
      return exitCode.done;
    } finally {
      for (const { target } of systems.values()) target.close();
    }
  } finally {
    await offline?.[Symbol.asyncDispose]();
  }
}
