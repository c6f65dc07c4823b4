// A page as a file: its owner's alone, and whole or not there.

import { chmodSync, copyFileSync, renameSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { syncEntry, syncFile } from "../../core/files.ts";

/** A file that was made elsewhere, put there likewise. */
export async function placePrivately(made: string, path: string): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    // A copy has the rights of what it is made of, from its first byte on.
    chmodSync(made, 0o600);
    rmSync(temporary, { force: true });
    copyFileSync(made, temporary);
    syncFile(temporary);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  await syncEntry(path);
}

/** Takes the place of an older file once it is whole. */
export async function writePrivately(path: string, texts: AsyncIterable<string> | Iterable<string>): Promise<void> {
  const temporary = `${path}.tmp`;
  rmSync(temporary, { force: true });
  try {
    const file = await open(temporary, "wx", 0o600);
    try {
      for await (const text of texts) await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  await syncEntry(path);
}
