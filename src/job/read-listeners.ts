// Who is to be told of a job whose file may be wrong elsewhere: its name, `notify` and `ping`. In: a file. Out: these, or
// nothing where they can't be read themselves. Must hold: it says nothing: what is wrong is told by who reads the job.

import { basename, dirname } from "node:path";
import { Failure } from "../core/errors.ts";
import { buildNotices, buildPing } from "./build-notify.ts";
import { Diagnostics } from "./diagnostics.ts";
import type { Job } from "./job.ts";
import { notifyShape, pingShape } from "./notify-schema.ts";
import { checkShape } from "./schema-issues.ts";
import { name as nameShape } from "./schema-parts.ts";
import { parseYaml, readSource } from "./yaml-document.ts";
import { nodeAt } from "./yaml-tree.ts";

export function readListeners(file: string): Pick<Job, "name" | "notify" | "ping"> | undefined {
  try {
    const diagnostics = new Diagnostics(readSource(file));
    const root = parseYaml(diagnostics, { extensions: true });
    const draft = { root, diagnostics, folder: dirname(file) };
    const notify = nodeAt(root, ["notify"]);
    const ping = nodeAt(root, ["ping"]);
    const name = nodeAt(root, ["name"]);
    const listeners = {
      notify: buildNotices(notify && checkShape(notifyShape, notify, diagnostics), draft),
      ...buildPing(ping && checkShape(pingShape, ping, diagnostics), draft),
    };
    const isNamed = name?.kind === "scalar" && nameShape.safeParse(name.value).success;
    return { name: isNamed ? name.text : basename(file), ...listeners };
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
