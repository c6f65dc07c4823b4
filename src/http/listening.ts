// Whether something listens on a port of this machine.

import { connectSocket } from "./socket.ts";

/** Nothing is sent. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectSocket("127.0.0.1", port);
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}
