// `--keys <file>`: one key a line. Blank lines and lines that start with # are skipped.

import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";
import { usageFailure } from "../core/errors.ts";

export function readKeysFile(path: string): string[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw usageFailure(`the keys file can't be read: ${path}`, { why: error instanceof Error ? error.message : "" });
  }
  const keys = textOf(path, bytes)
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  if (keys.length === 0) throw usageFailure(`the keys file is empty: ${path}`, { next: "write one key a line" });
  return keys;
}

/** A mark of UTF-8 at the beginning is none of it. */
function textOf(path: string, bytes: Buffer): string {
  // No text has a zero byte but one whose characters are wider.
  const isWide = bytes.includes(0);
  if (isUtf8(bytes) && !isWide) return bytes.toString("utf8").replace(/^\uFEFF/, "");
  throw usageFailure(`the keys file is not UTF-8: ${path}`, {
    ...(isWide ? { why: "its bytes are those of UTF-16" } : {}),
    next: "save it as UTF-8, one key a line",
  });
}
