// Where a state stands in the line of its exports: `generation.json` beside the ledger. What must hold: it is written
// before an export takes its place, so that one which was killed in between knows its own file again.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sha256Of, writeDurably } from "../../core/files.ts";

export interface Standing {
  /** The ledger as it was at the last export or import. */
  ledger: string;
  commits: number;
  /** The tokens of the exports that this state stems from; their number is the generation. */
  line: readonly string[];
  /** Of an export that has begun: whether its file took its place is told by the file. */
  begun?: { commits: number; token: string };
}

/** Undefined where nothing was exported or imported here, or where that is not known any more. */
export function readStanding(stateFolder: string): Standing | undefined {
  const path = standingPath(stateFolder);
  if (!existsSync(path)) return undefined;
  const [said = "", hash = ""] = readFileSync(path, "utf8").split("\n");
  return sha256Of(Buffer.from(said)) === hash ? (JSON.parse(said) as Standing) : undefined;
}

export function writeStanding(stateFolder: string, standing: Standing): void {
  const said = JSON.stringify(standing);
  writeDurably(standingPath(stateFolder), `${said}\n${sha256Of(Buffer.from(said))}\n`);
}

function standingPath(stateFolder: string): string {
  return join(stateFolder, "generation.json");
}
