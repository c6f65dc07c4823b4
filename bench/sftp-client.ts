// loadline's SFTP connector at work, without the engine and the rest of the program. In: what to do, the connections
// file, the folder on this machine, names of files. Out: its Measurement.

import { statSync } from "node:fs";
import { join } from "node:path";
import type { SftpConnection } from "../src/connectors/sftp/connection.ts";
import { sftp } from "../src/connectors/sftp/connector.ts";
import { openSftp } from "../src/connectors/sftp/sftp.ts";
import type { FileSource } from "../src/job/job.ts";
import { readConnections } from "../src/job/read-connections.ts";
import { measure } from "./measure.ts";

const [doing, connections = "", folder = "", ...names] = process.argv.slice(2);
const environment = process.env as Record<string, string>;
const connection = readConnections(connections, [sftp], environment).get("vendor") as SftpConnection;
const { signal } = new AbortController();

await measure(async () => {
  const { source, store } = await openSftp(connection, {
    environment,
    onRetry: (text) => process.stderr.write(text),
    signal,
  });
  if (doing === "fetch") await fetchAll(source);
  else for (const name of names) await store.write(join("up", name), localFile(name), signal);
  store.close();
  return {};
});

async function fetchAll(source: Awaited<ReturnType<typeof openSftp>>["source"]): Promise<void> {
  const format = { type: "csv", delimiter: ",", quote: '"', encoding: "utf-8" };
  const files = await Promise.all(
    names.map(async (label, index) => {
      const found = await source.files?.look(label);
      if (found === undefined) throw new Error(`${label} is not there`);
      return { ...found, ordinal: index + 1, rows: null, sha256: null };
    }),
  );
  const request = {
    source: { format } as unknown as FileSource,
    files,
    columns: [],
    known: [],
    handle: null,
    keepHandle: () => undefined,
    folder,
    signal,
    onProgress: () => undefined,
  };
  for await (const { bytes, path } of source.extract(request)) {
    if (statSync(path).size !== bytes) throw new Error(`${path} is not whole`);
  }
}

function localFile(name: string) {
  const path = join(folder, name);
  return { path, bytes: statSync(path).size, onBytes: () => undefined };
}
