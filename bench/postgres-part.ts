// The connector's part of a read or a load of a table, in a process of its own. In: `extract` or `load`, the server's folder
// and port, and a folder: where a part goes, or where batch files are. Out: a Measurement.

import { globSync, rmSync } from "node:fs";
import { join } from "node:path";
import { openConnection } from "../src/connectors/registry.ts";
import { readProjectConnections } from "../src/pipeline/tools/connections.ts";
import { measure } from "./measure.ts";

const [what = "", project = "", folder = ""] = process.argv.slice(2);
const { signal } = new AbortController();
const connection = readProjectConnections(join(project, "connections.yaml"), process.env).get("crm");
if (connection === undefined) throw new Error("the project has no connection crm");
const { source, target } = await openConnection(connection, {
  environment: process.env,
  onRetry: () => undefined,
  signal,
});
const place = { file: "bench", line: 1, column: 1 };

await measure(async () => {
  if (what === "extract") await extract();
  else await load();
  return {};
});
target.close();

async function extract(): Promise<void> {
  const columns = "id code title city amount price active born seen".split(" ");
  const parts = source.extract({
    source: {
      kind: "object",
      connection: "crm",
      object: "big",
      sql: { key: [] },
      fields: [],
      deletes: "ignore",
      format: { type: "csv", delimiter: ",", quote: '"', encoding: "utf-8", header: true } as never,
      optional: [],
      place,
    },
    ...{ files: [], columns, known: [], handle: null, keepHandle: () => undefined, folder, signal },
    onProgress: () => undefined,
  });
  for await (const _ of parts);
}

async function load(): Promise<void> {
  const files = globSync("batch-*.csv", { cwd: folder }).sort();
  for (const [index, name] of files.entries()) {
    const results = { succeeded: join(folder, "s"), failed: join(folder, "f"), unprocessed: join(folder, "u") };
    const batch = {
      object: "loaded",
      operation: "upsert" as const,
      path: join(folder, name),
      bytes: 0,
      rows: 0,
      externalId: "id",
      key: ["id"],
      sha256: "",
    };
    await target.writes.transaction?.write(`${process.pid}-${index}`, batch, results, signal);
  }
  for (const name of ["s", "f", "u"]) rmSync(join(folder, name), { force: true });
}
