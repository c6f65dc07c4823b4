// Files that `init` writes into a folder. Must hold: nothing that is there is overwritten. A file of another content is kept
// and told; a list of lines, and a YAML file, get what they lack, which is told too.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { usageFailure } from "../../core/errors.ts";

export interface NewFile {
  /** Below the folder. */
  path: string;
  text: string;
  /** What becomes of one that is there with another text: it stays (the default), nothing is written at all, or it gets what it lacks. */
  whenThere?: "keep" | "refuse" | ((present: string) => string);
}

/** Paths as they were given. */
export interface WrittenFiles {
  created: string[];
  /** There already, and left as they are. */
  kept: string[];
  /** Got lines that they lacked. */
  changed: string[];
}

/** Throws a Failure (exit 2) before anything is written where a file that must be new is there. */
export function writeNewFiles(folder: string, files: readonly NewFile[]): WrittenFiles {
  const written: WrittenFiles = { created: [], kept: [], changed: [] };
  const texts = new Map<string, string>();
  for (const { path, text, whenThere = "keep" } of files) {
    const present = readPresent(join(folder, path));
    const wanted = present === undefined || typeof whenThere !== "function" ? text : whenThere(present);
    if (present === undefined) written.created.push(path);
    else if (present === wanted || whenThere === "keep") written.kept.push(path);
    else if (whenThere === "refuse") {
      throw usageFailure(`${join(folder, path)} is there already`, {
        why: "init overwrites nothing",
        next: "move it away, or init another folder",
      });
    } else written.changed.push(path);
    texts.set(path, wanted);
  }
  for (const path of [...written.created, ...written.changed]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), texts.get(path) ?? "", { mode: path.startsWith(".loadline/") ? 0o600 : 0o644 });
  }
  return written;
}

function readPresent(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

/** The text with the lines that it lacks at its end. */
export function addLines(text: string, lines: readonly string[]): string {
  const present = new Set(text.split(/\r?\n/).map((line) => line.trim()));
  const missing = lines.filter((line) => !present.has(line));
  if (missing.length === 0) return text;
  return `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${missing.join("\n")}\n`;
}
