// What happens on the way to a PostgreSQL server. In: bytes of clients, cut into messages of the protocol
// (https://www.postgresql.org/docs/current/protocol-message-formats.html). Out: the same, but for the calls that meet a
// mishap. Must hold: a call is known by the SQL that it begins with; one that is cut after had its effect.

import { once } from "node:events";
import { type AddressInfo, createServer, connect as dial, type Socket } from "node:net";
import type { Call, Mishap } from "./rig.ts";

interface Armed {
  call: Call;
  nth: number;
  mishap: Mishap;
}

export interface PostgresRelay extends AsyncDisposable {
  port: number;
  met: number;
  /** The database that clients are led to, whatever they ask for. */
  database: string;
  arm(mishaps: readonly Armed[]): void;
}

/** What the SQL of a message begins a call with. */
const calls: [Call, RegExp][] = [
  ["describe", /pg_get_serial_sequence/],
  ["read", /^COPY \(SELECT/],
  ["write", /^COMMIT/],
];

export async function startPostgresRelay(target: number, database: string): Promise<PostgresRelay> {
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
    relayMessages(client, upstream, {
      startUp: (bytes) => leadTo(bytes, relay.database),
      strike(call) {
        const mishap = meet(call);
        if (mishap === undefined) return false;
        if (mishap === "cut after" || mishap === "cut within") {
          ends = mishap;
          return false;
        }
        client.end(answers[String(mishap)] ?? Buffer.alloc(0));
        upstream.destroy();
        return true;
      },
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const relay: PostgresRelay = {
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

interface Handling {
  startUp(bytes: Buffer): Buffer;
  /** True where the call goes no further. */
  strike(call: Call): boolean;
}

function relayMessages(client: Socket, upstream: Socket, { startUp, strike }: Handling): void {
  let buffer = Buffer.alloc(0);
  let started = false;
  let writes = false;
  client.on("data", (bytes) => {
    buffer = Buffer.concat([buffer, bytes]);
    for (;;) {
      const header = started ? 5 : 4;
      if (buffer.length < header) return;
      const length = buffer.readInt32BE(header - 4) + header - 4;
      if (buffer.length < length) return;
      const message = buffer.subarray(0, length);
      buffer = buffer.subarray(length);
      if (!started) {
        started = true;
        if (strike("sign-in")) return;
        upstream.write(startUp(message));
        continue;
      }
      const kind = String.fromCharCode(message[0] ?? 0);
      const sql =
        kind === "Q" || kind === "P"
          ? message
              .subarray(5)
              .toString("latin1")
              .replace(/^[^\0]*\0(?=.)/s, "")
          : "";
      const text = kind === "Q" ? message.subarray(5).toString("latin1") : sql;
      if (text.startsWith("BEGIN")) writes = text.includes("READ WRITE");
      const call = calls.find(([name, begins]) => begins.test(text) && (name !== "write" || writes))?.[0];
      if (call !== undefined && strike(call)) return;
      upstream.write(message);
    }
  });
}

/** The start-up message with another database. */
function leadTo(message: Buffer, database: string): Buffer {
  const parts = message.subarray(8, -1).toString("utf8").split("\0");
  const at = parts.indexOf("database");
  if (at >= 0) parts[at + 1] = database;
  const body = Buffer.from(`${parts.join("\0")}\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 8, 0);
  message.copy(head, 4, 4, 8);
  return Buffer.concat([head, body]);
}

function refuse(code: string, message: string): Buffer {
  const body = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  const head = Buffer.from("E\0\0\0\0");
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** What a client hears in place of an answer. "cut before": nothing. */
const answers: Record<string, Buffer> = {
  "500": refuse("57P01", "terminating connection due to administrator command"),
  "503": refuse("57P03", "the database system is starting up"),
  throttled: refuse("53300", "sorry, too many clients already"),
  "a page": Buffer.from(
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html>Sign in to the guest network</html>",
  ),
};
