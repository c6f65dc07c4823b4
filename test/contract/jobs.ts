// The jobs of the contract: a CSV file into a connector's object, and the object into a file.

import { stringify } from "csv-stringify/sync";
import type { ConnectorRig, Role, Values } from "./rig.ts";

export type Mode = "insert" | "update" | "upsert" | "delete" | "mirror";

interface LoadParts {
  /** Fields of these are mapped. */
  roles?: readonly Role[];
  batchRows?: number;
  /** Fields of these tell records apart; the unique key, where it is not said. */
  keys?: readonly Role[];
}

/** The rows of drop/rows.csv into the object. */
export function loadJob({ fields, object, noun = "object" }: ConnectorRig, mode: Mode, parts: LoadParts = {}): string {
  const { roles = ["key", "text"], batchRows, keys = ["key"] } = parts;
  const mapped = mode === "delete" ? keys : roles;
  const key = keys.length === 1 ? fields[keys[0] ?? "key"] : `[${keys.map((role) => fields[role]).join(", ")}]`;
  const map = mapped.map((role) => `      ${fields[role]}: { from: '"${role}"', on_null: clear }`);
  const batch = batchRows === undefined ? "" : `, batch: { rows: ${batchRows} }`;
  return `version: 1
name: load
streams:
  records:
    source: { connection: drop, files: rows.csv, format: { type: csv } }
    target: { connection: crm, ${noun}: ${object}, mode: ${mode}, key: ${key}${batch} }
    map:
${map.join("\n")}
rejects: { max: 50% }
guards: { deletes: 100% }
`;
}

export function rowsFile(rows: readonly Values[], roles: readonly Role[] = ["key", "text"]): Record<string, string> {
  const lines = rows.map((row) => roles.map((role) => row[role] ?? ""));
  return { "drop/rows.csv": stringify([[...roles], ...lines]) };
}

/** What is taken: everything, or what has changed, with the connector's own overlap or with one of a second. */
type Taken = "all" | "changed" | "changed, 1s";

/** The records of the object into the object once more, under keys of their own: one stream that reads and writes. */
export function copyJob({ fields, object, noun = "object" }: ConnectorRig, mode: Mode, batchRows: number): string {
  const { key, text } = fields;
  return `version: 1
name: copy
streams:
  records:
    source: { connection: crm, ${noun}: ${object} }
    target: { connection: crm, ${noun}: ${object}, mode: ${mode}, key: ${key}, batch: { rows: ${batchRows} } }
    map:
      ${key}: "'copy-' || ${key}"
      ${text}: ${text}
`;
}

/** Every role of the object's records into drop/out.csv, of changed ones into a file of each run. */
export function extractJob({ fields, object, noun = "object", cursor }: ConnectorRig, taken: Taken = "all"): string {
  const map = Object.entries(fields).map(([role, name]) => `      ${role}: ${name}`);
  const window = [
    ...(cursor === undefined ? [] : [`cursor: ${cursor}`]),
    ...(taken === "changed" ? [] : ["overlap: 1s"]),
  ].join(", ");
  const [incremental, file] = taken === "all" ? ["", "out"] : [`, incremental: { ${window} }`, "out-{run}"];
  return `version: 1
name: extract
streams:
  extracted:
    source: { connection: crm, ${noun}: ${object}${incremental} }
    target: { connection: drop, files: "${file}.csv" }
    map:
${map.join("\n")}
`;
}
