// What happens on the way to a MySQL server. In: bytes of clients, cut into packets of the protocol
// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html). Out: the same, but for the calls that
// meet a mishap. Must hold: a call is known by the SQL that it begins with; one that is cut after had its effect.

import { once } from "node:events";
import { type AddressInfo, createServer, connect as dial, type Socket } from "node:net";
import type { Call, Mishap } from "./rig.ts";

interface Armed {
  call: Call;
  nth: number;
  mishap: Mishap;
}

export interface MysqlRelay extends AsyncDisposable {
  port: number;
  met: number;
  /** The database that clients are led to, whatever they ask for. */
  database: string;
  arm(mishaps: readonly Armed[]): void;
}

/** What the SQL of a packet begins a call with. */
const calls: [Call, RegExp][] = [
  ["describe", /GENERATION_EXPRESSION|CHARACTER_MAXIMUM_LENGTH/],
  ["read", /^SELECT [^@]*AS `?loadline_id/],
  ["write", /^COMMIT/],
];

/** COM_QUERY and COM_STMT_PREPARE, which begin with their SQL; COM_INIT_DB. */
const [query, prepare, use] = [3, 22, 2];

export async function startMysqlRelay(target: number, database: string): Promise<MysqlRelay> {
  let armed: Armed[] = [];
  const sockets = new Set<Socket>();
  const meet = (call: Call): Mishap | undefined => {
    const matching = armed.filter((one) => one.call === call);
    for (const one of matching) one.nth -= 1;
    const striking = matching.find(({ nth }) => nth === 0);
    if (striking !== undefined) relay.met += 1;
    return striking?.mishap;
  };
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = dial({ port: target, host: "127.0.0.1", noDelay: true });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => [client, upstream].forEach((one) => void one.destroy()));
    }
    let ends: Mishap | undefined;
    // The sign-in begins with the server's greeting.
    const atSignIn = meet("sign-in");
    if (atSignIn !== undefined && atSignIn !== "cut after" && atSignIn !== "cut within") {
      client.end(answers[String(atSignIn)]?.(0) ?? Buffer.alloc(0));
      upstream.destroy();
      return;
    }
    ends = atSignIn;
    upstream.on("data", (bytes) => {
      if (ends === undefined) return void client.write(bytes);
      if (ends === "cut within") client.write(bytes.subarray(0, 3));
      client.destroy();
    });
    relayPackets(client, upstream, {
      database: () => relay.database,
      strike(call) {
        const mishap = meet(call);
        if (mishap === undefined) return false;
        if (mishap === "cut after" || mishap === "cut within") {
          ends = mishap;
          return false;
        }
        client.end(answers[String(mishap)]?.(1) ?? Buffer.alloc(0));
        upstream.destroy();
        return true;
      },
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const relay: MysqlRelay = {
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
  database(): string;
  /** True where the call goes no further. */
  strike(call: Call): boolean;
}

function relayPackets(client: Socket, upstream: Socket, { database, strike }: Handling): void {
  let buffer = Buffer.alloc(0);
  let writes = false;
  let signsIn = true;
  client.on("data", (bytes) => {
    buffer = Buffer.concat([buffer, bytes]);
    for (;;) {
      if (buffer.length < 4) return;
      const length = buffer.readUIntLE(0, 3) + 4;
      if (buffer.length < length) return;
      const packet = buffer.subarray(0, length);
      buffer = buffer.subarray(length);
      if (signsIn) {
        signsIn = false;
        upstream.write(leadTo(packet, database()));
        continue;
      }
      const [, , , , command = 0] = packet;
      if (command === use) throw new Error("a client chooses its database as it signs in");
      if (packet[3] === 0 && (command === query || command === prepare)) {
        const sql = packet.toString("utf8", 5);
        if (sql.startsWith("START TRANSACTION")) writes = sql.includes("READ WRITE");
        const call = calls.find(([name, begins]) => begins.test(sql) && (name !== "write" || writes))?.[0];
        if (call !== undefined && strike(call)) return;
      }
      upstream.write(packet);
    }
  });
}

/** The answer to the greeting, with another database: crm stands before the name of the way to sign in. */
function leadTo(packet: Buffer, database: string): Buffer {
  const asked = Buffer.from("crm\0");
  const at = packet.lastIndexOf(asked);
  if (at < 0) return packet;
  const named = Buffer.from(`${database}\0`);
  const led = Buffer.concat([packet.subarray(0, at), named, packet.subarray(at + asked.length)]);
  led.writeUIntLE(led.length - 4, 0, 3);
  return led;
}

function refuse(errno: number, state: string, message: string): (sequence: number) => Buffer {
  return (sequence) => {
    const body = Buffer.concat([Buffer.from([0xff, errno & 0xff, errno >> 8]), Buffer.from(`#${state}${message}`)]);
    const head = Buffer.from([0, 0, 0, sequence]);
    head.writeUIntLE(body.length, 0, 3);
    return Buffer.concat([head, body]);
  };
}

/** What a client hears in place of an answer. "cut before": nothing. */
const answers: Record<string, (sequence: number) => Buffer> = {
  "500": refuse(1053, "08S01", "Server shutdown in progress"),
  "503": refuse(1053, "08S01", "Server shutdown in progress"),
  throttled: refuse(1040, "08004", "Too many connections"),
  "a page": () =>
    Buffer.from("HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html>Sign in to the guest network</html>"),
};
