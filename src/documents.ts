// The documents that the package carries: help is read from them, so that it says what they say.

import { readFileSync } from "node:fs";

/** `name`: below docs/. */
export function readDocument(name: string): string {
  return readFileSync(new URL(`../docs/${name}`, import.meta.url), "utf8");
}
