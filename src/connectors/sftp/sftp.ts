// SFTP servers, as a source and as a target. In: a connection. Out: both sides over one link that is signed in.

import { posix } from "node:path";
import type { ConnectionContext } from "../../contract/connection.ts";
import type { FileStore } from "../../contract/files.ts";
import type { Source } from "../../contract/source.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { CallFault } from "../../http/outcome.ts";
import { unavailable } from "../../http/retry.ts";
import type { Environment } from "../../job/job.ts";
import type { SftpConnection } from "./connection.ts";
import type { HostKey } from "./host-key.ts";
import { Link } from "./link.ts";
import { orRefused, realpath, stat } from "./remote.ts";
import { fetchHostKey, usualSilenceMsMax } from "./session.ts";
import { openSftpSource } from "./source.ts";
import { StatusError } from "./status.ts";
import { openSftpStore } from "./store.ts";

export interface OpenSftp {
  source: Source;
  store: FileStore;
}

export async function openSftp(
  connection: SftpConnection,
  { environment, onRetry, signal }: ConnectionContext,
): Promise<OpenSftp> {
  const link = new Link({ connection, environment, onRetry, signal, silenceMsMax: usualSilenceMsMax });
  const { user, host, port, folder: wanted } = connection.address;
  const { folder, warnings } = await link.repeat(`find ${wanted ?? "its folder"}`, async (session) => {
    const path = await realpath(session, wanted ?? ".");
    const there = await orRefused(stat(session, path));
    // A server that does not say what it is shows it when it is listed.
    const isFolder = there instanceof StatusError || there?.kind === "folder" || there?.kind === "unknown";
    if (isFolder) return { folder: path, warnings: session.warnings };
    throw new Failure(exitCode.usage, `connection ${connection.name}: there is no folder ${path} on ${host}`, {
      where: connection.place,
      next: "correct the folder at the end of the URL",
    });
  });
  const orgId = `sftp://${user}@${host}:${port}${posix.join("/", folder)}`;
  const remote = { link, orgId, folder };
  return { source: openSftpSource(remote), store: openSftpStore(remote, warnings) };
}

/** The key that a server shows, without a word of who asks. */
export async function readServerKey(connection: SftpConnection, environment: Environment): Promise<HostKey> {
  try {
    return await fetchHostKey(connection, environment);
  } catch (error) {
    throw error instanceof CallFault ? unavailable(error, connection.name) : error;
  }
}
