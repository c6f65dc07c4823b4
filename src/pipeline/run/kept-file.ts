// Parquet files beside the ledger that outlive the run that wrote them: what was inserted, written, delivered, taken by an
// overlap. One that a run may do without is as good as lost where it is damaged.

import { existsSync, renameSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { hashFile, makePrivateFolder, syncFile } from "../../core/files.ts";
import { literal } from "../../core/sql.ts";
import { type Engine, EngineError } from "../../stage/engine.ts";

/** Where files of a kind are kept: beside the runs, because they outlive the run that wrote them. `folder`: of the run. */
export function keptFolder(
  { folder }: { folder: string },
  kind: "delivered" | "inserted" | "seen" | "known" | "written" | "waiting" | "twins" | "present",
): string {
  return join(dirname(dirname(folder)), kind);
}

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

/** Moves a finished file of the run into the folder where its kind is kept. It is on the disk then; gives its SHA-256. */
export async function keepFile(path: string, folder: string): Promise<string> {
  const sha256 = await hashFile(path);
  makePrivateFolder(folder);
  const kept = join(folder, basename(path));
  renameSync(path, kept);
  syncFile(kept);
  return sha256;
}
