// Local folders, as a source and as a target. In: a connection of type file. Out: both sides. Must hold: a folder is a
// fence, nothing outside of it is read or written.

import type { Connector } from "../../contract/connector.ts";
import { type FileConnection, folderShape, readFolder } from "./connection.ts";

export const files: Connector = {
  type: "file",
  shape: folderShape,
  findProblems: () => [],
  read: readFolder,
  readStarter: async () => (await import("./starter.ts")).starter,
  async open(connection: FileConnection) {
    const [{ openFileSource }, { openFolderStore }, { openFileTarget }] = await Promise.all([
      import("./source.ts"),
      import("./store.ts"),
      import("../kit/whole-file-target.ts"),
    ]);
    return { source: openFileSource(connection), target: openFileTarget(openFolderStore(connection)) };
  },
  // Files are read where they are, and written elsewhere. The path itself stays unread until it is needed.
  rehearse: (connection, { outbox }) =>
    Object.defineProperties({ outbox }, Object.getOwnPropertyDescriptors(connection)) as unknown as FileConnection,
};
