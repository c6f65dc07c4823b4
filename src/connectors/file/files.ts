// Local folders, as a source and as a target.

import type { OpenConnection } from "../../contract/connection.ts";
import type { FileConnection } from "../../job/job.ts";
import { openFileSource } from "./source.ts";
import { openFolderStore } from "./store.ts";
import { openFileTarget } from "./target.ts";

export function openFiles(connection: FileConnection): OpenConnection {
  return { source: openFileSource(connection), target: openFileTarget(openFolderStore(connection)) };
}
