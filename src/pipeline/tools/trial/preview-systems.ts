// The systems of a preview. In: connections, and the same as the sandbox plays them. Out: open sources and targets. Must
// hold: a target that can't be asked is played by the sandbox, and that is said; a source never is, for it has the rows.

import { openConnection } from "../../../connectors/registry.ts";
import type { OpenConnection } from "../../../contract/connection.ts";
import { explain, Failure } from "../../../core/errors.ts";
import type { Connection, Environment, Stream } from "../../../job/job.ts";
import { connectionsOf } from "../../../job/lookup.ts";

export interface SystemsRequest {
  streams: readonly Stream[];
  connections: ReadonlyMap<string, Connection>;
  environment: Environment;
  /** The same connections, played by a sandbox that is started for it. */
  playOffline(): Promise<ReadonlyMap<string, Connection>>;
  signal: AbortSignal;
  tell(text: string): void;
}

export async function openPreviewed(request: SystemsRequest): Promise<Map<string, OpenConnection>> {
  const { streams, connections, environment, signal, tell } = request;
  const sources = new Set(streams.map(({ source }) => source.connection));
  const opened = new Map<string, OpenConnection>();
  const open = (connection: Connection | undefined) => {
    if (connection === undefined) throw new Error("a connection was not checked");
    return openConnection(connection, { environment, onRetry: () => undefined, signal });
  };
  try {
    for (const name of connectionsOf(streams)) {
      try {
        opened.set(name, await open(connections.get(name)));
      } catch (error) {
        if (!(error instanceof Failure) || sources.has(name) || signal.aborted) throw error;
        const [why = ""] = explain(error).split("\n");
        tell(`! ${name} can't be asked (${why}): the sandbox's objects and fields stand in for it, with no record`);
        opened.set(name, await open((await request.playOffline()).get(name)));
      }
    }
    return opened;
  } catch (error) {
    for (const { target } of opened.values()) target.close();
    throw error;
  }
}
