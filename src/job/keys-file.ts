// `--keys <file>`: one key a line. Blank lines and lines that start with # are skipped.

import { readFileSync } from "node:fs";
import { usageFailure } from "../core/errors.ts";

export function readKeysFile(path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw usageFailure(`the keys file can't be read: ${path}`, { why: error instanceof Error ? error.message : "" });
  }
  const keys = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  if (keys.length === 0) throw usageFailure(`the keys file is empty: ${path}`, { next: "write one key a line" });
  return keys;
}
