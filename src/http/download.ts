// A download to disk that is whole or not there: streamed to a temporary name, and fetched again if it breaks off.

import { createWriteStream, renameSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { syncPath } from "../core/files.ts";
import type { HttpResponse } from "./client.ts";
import { faultOfSocket } from "./outcome.ts";
import { withRetries } from "./retry.ts";

/** `open` makes the call; it is made again when its answer breaks off, so it must be idempotent. Gives the headers. */
export async function downloadTo(path: string, open: () => Promise<HttpResponse>): Promise<HttpResponse["headers"]> {
  const temporary = `${path}.tmp`;
  const headers = await withRetries(
    async () => {
      const response = await open();
      try {
        await pipeline(response.body, createWriteStream(temporary, { mode: 0o600 }));
      } catch (error) {
        if (isLocal(error)) throw error;
        throw faultOfSocket(error, true, `downloading ${path}`);
      }
      return response.headers;
    },
    { idempotent: true },
  );
  syncPath(temporary);
  renameSync(temporary, path);
  return headers;
}

/** The disk's fault, not the network's. */
function isLocal(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT", "EIO", "EACCES", "EROFS"].includes((error as NodeJS.ErrnoException).code ?? "");
}
