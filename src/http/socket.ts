// TCP connections for a protocol that writes each message in several pieces. In: where to. Out: a socket. What must hold:
// what is written in one turn of the program goes to the system at once, in one call, and waits for nothing.

import { connect, type Socket } from "node:net";

export function connectSocket(host: string, port: number): Socket {
  // The system would hold back a small message until the one before is acknowledged.
  const socket = connect({ host, port, noDelay: true });
  gatherWrites(socket);
  return socket;
}

function gatherWrites(socket: Socket): void {
  const write = socket.write.bind(socket) as (...written: unknown[]) => boolean;
  let isGathering = false;
  socket.write = (...written: unknown[]) => {
    if (!isGathering) {
      isGathering = true;
      socket.cork();
      process.nextTick(() => {
        isGathering = false;
        socket.uncork();
      });
    }
    return write(...written);
  };
}
