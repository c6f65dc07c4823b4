// The source of a stream, from what is written.

import { leadsOut } from "../core/glob.ts";
import { buildFormat } from "./build-format.ts";
import { buildDecryption } from "./build-keys.ts";
import type { Diagnostics } from "./diagnostics.ts";
import { buildTaking } from "./file-taking.ts";
import type { StreamSource } from "./job.ts";
import { buildObjectSource, takesRecords } from "./object-source.ts";
import type { StreamFile } from "./schema.ts";
import { placeAt, required, type StreamDraft, spanAt } from "./stream-draft.ts";
import { keySpanAt } from "./yaml-tree.ts";

export function buildSource(
  written: NonNullable<StreamFile["source"]>,
  draft: StreamDraft,
  diagnostics: Diagnostics,
): StreamSource | undefined {
  const connection = required(written.connection, ["source", "connection"], draft, diagnostics);
  if (takesRecords(written)) {
    const object = buildObjectSource(written, draft, diagnostics);
    return connection === undefined || object === undefined ? undefined : { ...object, connection };
  }
  const files = required(written.files, ["source", "files"], draft, diagnostics);
  const format = buildFormat(written.format, draft, diagnostics);
  if (connection === undefined || files === undefined || format === undefined) return undefined;
  refuseLeadingOut(written, draft, diagnostics);
  refuseClearRejects(written, draft, diagnostics);
  for (const name of ["fields", "where", "incremental", "deletes", "key"] as const) {
    if (written[name] === undefined) continue;
    diagnostics.add(keySpanAt(draft.tree, ["source", name]), `${name} goes with \`object\`, not with \`files\``);
  }
  return {
    kind: "files",
    connection,
    files,
    format,
    ...buildDecryption(written.format?.pgp, draft, diagnostics),
    optional: written.optional ?? [],
    ...buildTaking(written),
    place: placeAt(["source", "files"], draft, diagnostics),
  };
}

/** The folder of a connection is a fence. */
function refuseLeadingOut(
  { files = "", after, on_reject: onReject }: NonNullable<StreamFile["source"]>,
  draft: StreamDraft,
  diagnostics: Diagnostics,
): void {
  const message = "it leads out of the connection's folder; files are read and moved inside it only";
  if (leadsOut(files)) diagnostics.add(spanAt(["source", "files"], draft), message);
  if (typeof after === "object" && "move" in after && leadsOut(after.move)) {
    diagnostics.add(spanAt(["source", "after", "move"], draft), message);
  }
  if (onReject !== undefined && leadsOut(onReject.move)) {
    diagnostics.add(spanAt(["source", "on_reject", "move"], draft), message);
  }
}

/** What came encrypted is not put beside it in clear. */
function refuseClearRejects(
  { format, on_reject: onReject }: NonNullable<StreamFile["source"]>,
  draft: StreamDraft,
  diagnostics: Diagnostics,
): void {
  if (onReject === undefined || format?.pgp === undefined) return;
  const message = "on_reject does not go with format.pgp: rows that came encrypted would lie there in clear";
  diagnostics.add(keySpanAt(draft.tree, ["source", "on_reject"]), message, {
    next: "leave it out; loadline rejects <run-id> --export writes them, to be sent encrypted",
  });
}
