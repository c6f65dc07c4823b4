// The target of a stream, from what is written.

import { buildTargetFormat } from "./build-format.ts";
import { buildEncryption } from "./build-keys.ts";
import type { Diagnostics } from "./diagnostics.ts";
import { type StreamTarget, writesFile } from "./job.ts";
import type { StreamFile } from "./schema.ts";
import { buildExpression, placeAt, required, type StreamDraft, spanAt } from "./stream-draft.ts";
import { parseBytes, parseDuration } from "./units.ts";
import { keySpanAt } from "./yaml-tree.ts";

export function buildTarget(
  written: NonNullable<StreamFile["target"]>,
  draft: StreamDraft,
  diagnostics: Diagnostics,
): StreamTarget | undefined {
  const connection = required(written.connection, ["target", "connection"], draft, diagnostics);
  if (written.files !== undefined) return buildFileTarget(written, connection, draft, diagnostics);
  for (const name of ["done_file", "manifest"] as const) {
    if (written[name] === undefined) continue;
    diagnostics.add(keySpanAt(draft.tree, ["target", name]), `${name} goes with \`files\`, not with an object`);
  }
  const called = written.table === undefined ? "object" : "table";
  if (written.table !== undefined && written.object !== undefined) {
    diagnostics.add(keySpanAt(draft.tree, ["target", "table"]), "table stands in place of object: one of them");
  }
  const object = required(written[called], ["target", called], draft, diagnostics);
  const mode = required(written.mode, ["target", "mode"], draft, diagnostics);
  const isReplaced = called === "table" && mode === "replace";
  const key = isReplaced ? (written.key ?? []) : required(written.key, ["target", "key"], draft, diagnostics);
  if (connection === undefined || object === undefined || key === undefined || mode === undefined) return undefined;
  if (writesFile(mode) && !isReplaced) {
    diagnostics.add(spanAt(["target", "mode"], draft), `mode ${mode} goes with \`files\`, not with \`object\``);
    return undefined;
  }
  if (written.create_table !== undefined && called !== "table") {
    diagnostics.add(keySpanAt(draft.tree, ["target", "create_table"]), "create_table goes with `table`");
  }
  if (mode === "history" && called !== "table") {
    diagnostics.add(
      spanAt(["target", "mode"], draft),
      "mode history goes with `table`: it keeps each version as a row",
    );
    return undefined;
  }
  if (written.format !== undefined) {
    diagnostics.add(keySpanAt(draft.tree, ["target", "format"]), "format goes with `files`, not with `object`");
  }
  const where = buildExpression(["target", "where"], draft, diagnostics);
  if (where !== undefined && mode === "insert") {
    diagnostics.add(
      keySpanAt(draft.tree, ["target", "where"]),
      "where goes with modes that touch records: insert only makes them",
    );
  }
  const { rows, bytes } = written.batch ?? {};
  return {
    connection,
    object,
    ...(called === "table" ? { isTable: true as const } : {}),
    ...(written.create_table === true ? { createsTable: true as const } : {}),
    key: typeof key === "string" ? [key] : key,
    mode,
    batch: { ...(rows === undefined ? {} : { rows }), ...(bytes === undefined ? {} : { bytes: parseBytes(bytes) }) },
    ...(written.via === undefined ? {} : { via: written.via }),
    ...(written.adopt_by === undefined ? {} : { adoptBy: written.adopt_by }),
    ...(where === undefined ? {} : { where }),
    ...(written.scope === undefined ? {} : { scope: written.scope }),
    ...(written.present === undefined ? {} : { present: buildPresent(written.present) }),
    hardDelete: written.hard_delete === true,
    ...(written.assignment_rule === undefined ? {} : { assignmentRule: written.assignment_rule }),
    place: placeAt(["target", called], draft, diagnostics),
  };
}

function buildPresent(
  written: NonNullable<NonNullable<StreamFile["target"]>["present"]>,
): NonNullable<StreamTarget["present"]> {
  if (written === "read") return written;
  return { maxAgeMs: parseDuration(written.max_age ?? "7d") };
}

function buildFileTarget(
  written: NonNullable<StreamFile["target"]>,
  connection: string | undefined,
  draft: StreamDraft,
  diagnostics: Diagnostics,
): StreamTarget | undefined {
  const { files = "", mode = "replace" } = written;
  const key = mode === "delta" ? required(written.key, ["target", "key"], draft, diagnostics) : (written.key ?? []);
  const place = placeAt(["target", "files"], draft, diagnostics);
  const { done_file: doneFile, manifest } = written;
  for (const name of [
    "object",
    "table",
    "create_table",
    "adopt_by",
    "via",
    "batch",
    "where",
    "scope",
    "present",
    "hard_delete",
    "assignment_rule",
  ] as const) {
    if (written[name] === undefined) continue;
    diagnostics.add(keySpanAt(draft.tree, ["target", name]), `${name} goes with an object, not with \`files\``);
  }
  if (!writesFile(mode)) {
    const message = `mode ${mode} goes with an object; files take \`replace\` or \`delta\``;
    diagnostics.add(spanAt(["target", "mode"], draft), message);
  } else if (!/^[^/\\*?]+$/.test(files) || files.startsWith(".")) {
    diagnostics.add(spanAt(["target", "files"], draft), "expected the name of one file in the connection's folder");
  } else if (connection !== undefined && key !== undefined) {
    return {
      connection,
      object: files,
      key: typeof key === "string" ? [key] : key,
      mode,
      batch: {},
      format: buildTargetFormat(written.format, draft, diagnostics),
      ...buildEncryption(written.format?.pgp, draft, diagnostics),
      hardDelete: false,
      ...(doneFile === undefined && manifest === undefined
        ? {}
        : {
            beside: {
              ...(doneFile === undefined ? {} : { doneFile }),
              ...(manifest === undefined ? {} : { manifest }),
            },
          }),
      place,
    };
  }
  return undefined;
}
