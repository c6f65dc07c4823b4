// What the pages bring along: scripts for a browser, made of client/ by scripts/build.ts, and a stylesheet. They lie
// in dist/ and are read when a page is made, so that no other run pays for them.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageFolder } from "../../version.ts";

export type PageScript = "changes" | "history";

export interface Assets {
  script: string;
  style: string;
  /** `sha256-…`, by which a page allows these two and nothing else. */
  scriptHash: string;
  styleHash: string;
}

export function readAssets(name: PageScript): Assets {
  const read = (file: string) => readFileSync(join(packageFolder, "dist/page", file), "utf8").trim();
  const script = read(`${name}.js`);
  const style = read("page.css");
  return { script, style, scriptHash: hashOf(script), styleHash: hashOf(style) };
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
