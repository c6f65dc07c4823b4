// What SQL needs to compare text as HubSpot's search does.

import type { DatabaseSync } from "../../core/sqlite.ts";

/** Adds `fold` (text without its case) and `has_token` (whether a word of a text fits a pattern). */
export function addTextFunctions(database: DatabaseSync): void {
  database.function("fold", { deterministic: true }, (value) =>
    typeof value === "string" ? value.toLowerCase() : (value ?? null),
  );
  database.function("has_token", { deterministic: true }, (value, pattern) => (hasToken(value, pattern) ? 1 : 0));
}

/** Whether one of the words of a text is the pattern, in which `*` stands for any characters. */
function hasToken(value: unknown, pattern: unknown): boolean {
  if (typeof value !== "string") return false;
  const source = String(pattern)
    .toLowerCase()
    .replace(/[\\^$.+?()[\]{}|]/g, "\\$&")
    .replaceAll("*", ".*");
  const whole = new RegExp(`^${source}$`);
  const text = value.toLowerCase();
  return whole.test(text) || text.split(/[^\p{L}\p{N}_]+/u).some((word) => whole.test(word));
}
