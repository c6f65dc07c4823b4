// The jobs of the contract: a CSV file into a connector's object, and the object into a file.

import { stringify } from "csv-stringify/sync";
import type { ConnectorRig, Role, Values } from "./rig.ts";

export type Mode = "insert" | "update" | "upsert" | "delete" | "mirror";

/** The rows of drop/rows.csv into the object, fields of these roles mapped. */
export function loadJob(
  { fields, object }: ConnectorRig,
  mode: Mode,
  roles: readonly Role[] = ["key", "text"],
): string {
  const mapped = mode === "delete" ? (["key"] as const) : roles;
  const map = mapped.map((role) => `      ${fields[role]}: { from: '"${role}"', on_null: clear }`);
  return `version: 1
name: load
streams:
  records:
    source: { connection: drop, files: rows.csv, format: { type: csv } }
    target: { connection: crm, object: ${object}, mode: ${mode}, key: ${fields.key} }
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

/** Every role of the object's records into drop/out.csv; `incremental`: only what changed. */
export function extractJob({ fields, object }: ConnectorRig, incremental: boolean): string {
  const map = Object.entries(fields).map(([role, name]) => `      ${role}: ${name}`);
  return `version: 1
name: extract
streams:
  records:
    source: { connection: crm, object: ${object}${incremental ? ", incremental: { overlap: 1s }" : ""} }
    target: { connection: drop, files: "out${incremental ? "-{run}" : ""}.csv" }
    map:
${map.join("\n")}
`;
}
