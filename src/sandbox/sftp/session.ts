// One SFTP session on its channel. In: packets, one after the other. Out: their answers in the same order. What must
// hold: a request that fails is answered and the session goes on; only bytes that are no packets end it.

import { once } from "node:events";
import type { ServerChannel } from "ssh2";
import { wait } from "../../core/clock.ts";
import type { Faults } from "../faults.ts";
import type { Jail } from "./jail.ts";
import {
  PacketReader,
  readPackets,
  requestNames,
  StatusError,
  statusCode,
  statusPacket,
  versionPacket,
} from "./packets.ts";
import { extensions, OpenHandles, requests } from "./requests.ts";

export interface SessionOptions {
  channel: ServerChannel;
  jail: Jail;
  faults: Faults;
  /** Cuts the connection, as a fault asks for it. */
  cut(): void;
}

export async function serveSession(options: SessionOptions): Promise<void> {
  const { channel } = options;
  const handles = new OpenHandles();
  try {
    for await (const bytes of readPackets(channel)) {
      const answer = await answerPacket(new PacketReader(bytes), options, handles);
      if (answer === undefined) return;
      if (!channel.write(answer)) await Promise.race([once(channel, "drain"), once(channel, "close")]);
      if (channel.destroyed) return;
    }
    // What a client that is done waits for.
    channel.exit(0);
    channel.end();
  } catch {
    options.cut();
  } finally {
    handles.closeAll();
  }
}

/** Undefined where a fault has cut the connection. */
async function answerPacket(
  packet: PacketReader,
  { jail, faults, cut }: SessionOptions,
  handles: OpenHandles,
): Promise<Buffer | undefined> {
  const name = requestNames.get(packet.byte()) ?? "";
  if (name === "INIT") return versionPacket(extensions);
  const id = packet.number();
  try {
    const request = requests[name]?.(id, packet, { jail, handles });
    if (request === undefined) return statusPacket(id, statusCode.unsupported, "Operation unsupported");
    const fault = faults.forRequest(name, request.path);
    if (fault?.delay_ms !== undefined) await wait(fault.delay_ms);
    if (fault?.reset === "before") return void cut();
    if (fault?.sftpStatus !== undefined) return statusPacket(id, fault.sftpStatus, "Fault of the sandbox");
    const answer = request.act();
    if (fault?.reset === "after") return void cut();
    return answer;
  } catch (error) {
    return refusalOf(id, error);
  }
}

/** As OpenSSH maps the system's errors (sftp-server.c, errno_to_portable). */
function refusalOf(id: number, error: unknown): Buffer {
  if (error instanceof StatusError) return statusPacket(id, error.code, error.message);
  const { code } = error as NodeJS.ErrnoException;
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
    case "EBADF":
    case "ELOOP":
      return statusPacket(id, statusCode.noSuchFile, "No such file");
    case "EPERM":
    case "EACCES":
      return statusPacket(id, statusCode.permissionDenied, "Permission denied");
    case "ENAMETOOLONG":
    case "EINVAL":
      return statusPacket(id, statusCode.badMessage, "Bad message");
    default:
      return statusPacket(id, statusCode.failure, "Failure");
  }
}
