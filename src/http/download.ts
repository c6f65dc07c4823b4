// An answer's body as a file that is whole or not there.

import { createWriteStream, renameSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { syncFile } from "../core/files.ts";
import type { HttpResponse } from "./client.ts";
import { faultOfSocket } from "./outcome.ts";

/** Streams to a temporary name first. Throws a CallFault (unknown) when the answer breaks off. */
export async function saveBody(response: HttpResponse, path: string, what: string): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    await pipeline(response.body, createWriteStream(temporary, { mode: 0o600 }));
  } catch (error) {
    if (isLocal(error)) throw error;
    throw faultOfSocket(error, true, what);
  }
  syncFile(temporary);
  renameSync(temporary, path);
}

/** The disk's fault, not the network's. */
function isLocal(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT", "EIO", "EACCES", "EROFS"].includes((error as NodeJS.ErrnoException).code ?? "");
}
