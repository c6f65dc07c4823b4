// What happens on the way to a server of a database. In: clients, and how its protocol tells a call. Out: the same bytes, but for
// the calls that meet a mishap. Must hold: one that is cut after had its effect.

import { once } from "node:events";
import { type AddressInfo, createServer, connect as dial, type Socket } from "node:net";
import type { Call, Mishap } from "./rig.ts";

interface Armed {
  call: Call;
  nth: number;
  mishap: Mishap;
}

export interface DatabaseRelay extends AsyncDisposable {
  port: number;
  met: number;
  /** The database that clients are led to, whatever they ask for. */
  database: string;
  arm(mishaps: readonly Armed[]): void;
}

export interface Handling {
  database(): string;
  /** True where the call goes no further. */
  strike(call: Call): boolean;
}

export interface RelayProtocol {
  /** Passes on what a client sends, as far as no call is struck. */
  pass(client: Socket, upstream: Socket, handling: Handling): void;
  /** What a client hears in place of an answer; nothing where it is cut before. */
  answerOf(mishap: Mishap, call: Call): Buffer | undefined;
}

export async function startDatabaseRelay(
  target: number,
  database: string,
  { pass, answerOf }: RelayProtocol,
): Promise<DatabaseRelay> {
  let armed: Armed[] = [];
  const sockets = new Set<Socket>();
  const meet = (call: Call): Mishap | undefined => {
    const matching = armed.filter((one) => one.call === call);
    for (const one of matching) one.nth -= 1;
    const striking = matching.find(({ nth }) => nth === 0);
    if (striking !== undefined) relay.met += 1;
    return striking?.mishap;
  };
  // Without delay, as both ends are: else a message of a query waits 40 ms for the word that the one before has come.
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = dial({ port: target, host: "127.0.0.1", noDelay: true });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => [client, upstream].forEach((one) => void one.destroy()));
    }
    let ends: Mishap | undefined;
    upstream.on("data", (bytes) => {
      if (ends === undefined) return void client.write(bytes);
      if (ends === "cut within") client.write(bytes.subarray(0, 3));
      client.destroy();
    });
    pass(client, upstream, {
      database: () => relay.database,
      strike(call) {
        const mishap = meet(call);
        if (mishap === undefined) return false;
        if (mishap === "cut after" || mishap === "cut within") {
          ends = mishap;
          return false;
        }
        client.end(answerOf(mishap, call) ?? Buffer.alloc(0));
        upstream.destroy();
        return true;
      },
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const relay: DatabaseRelay = {
    port: (server.address() as AddressInfo).port,
    met: 0,
    database,
    arm(mishaps) {
      armed = mishaps.map((one) => ({ ...one }));
      relay.met = 0;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return relay;
}

/** What a network that wants a sign-in of its own says in place of a server. */
export const guestPage =
  "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html>Sign in to the guest network</html>";
