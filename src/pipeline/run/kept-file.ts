// Parquet files beside the ledger that a run may do without: what an overlap has taken, what a file in mode delta was
// given. A damaged one is as good as lost.

import { existsSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { hashFile } from "../../core/files.ts";
import { literal } from "../../core/sql.ts";
import { type Engine, EngineError } from "../../stage/engine.ts";

/**
 * Copies such a file to where the engine may read it. Gives what keeps it from being used; undefined if it is as it was
 * written. `sha256`: null where it was not written down.
 */
export async function fetchKept(
  engine: Engine,
  { path, sha256 }: { path: string; sha256: string | null },
  copy: string,
): Promise<"lost" | "damaged" | undefined> {
  if (!existsSync(path)) return "lost";
  await copyFile(path, copy);
  if (sha256 !== null) return (await hashFile(copy)) === sha256 ? undefined : "damaged";
  try {
    await engine.one(`SELECT count(COLUMNS(*)) FROM read_parquet(${literal(copy)})`);
    return undefined;
  } catch (error) {
    if (error instanceof EngineError) return "damaged";
    throw error;
  }
}
