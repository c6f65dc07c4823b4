// A local folder as connections.yaml names it.

import { resolve as resolvePath } from "node:path";
import { z } from "zod";
import type { ConnectionScope } from "../../job/connection-type.ts";
import type { Connection } from "../../job/job.ts";
import { expandReferences } from "../../job/references.ts";
import { closedMap, referencing } from "../../job/schema-parts.ts";

export interface FileConnection extends Connection {
  type: "file";
  /** Absolute. Reading it throws a Failure (exit 2) if it holds a reference to an unset variable. */
  readonly path: string;
  /** Where a rehearsal writes instead. */
  outbox?: string;
}

/** What the sides of a folder go by. */
export type Folder = Pick<FileConnection, "name" | "path" | "outbox" | "place">;

export const folderShape = closedMap({
  type: z.literal("file").describe("The kind of system."),
  path: referencing.describe("A folder, relative to this file."),
});

export function readFolder(written: z.infer<typeof folderShape>, scope: ConnectionScope): FileConnection {
  return {
    name: scope.name,
    type: "file",
    holds: "files",
    get path() {
      const place = scope.placeAt(["path"]);
      return resolvePath(scope.folder, expandReferences(written.path, scope.environment, place, scope.folder));
    },
    protected: false,
    place: scope.placeAt([]),
  };
}
