// What happens on the way to a MySQL server. In: bytes of clients, cut into packets of the protocol
// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html). Out: the same, but for the calls that
// meet a mishap. Must hold: a call is known by the SQL that it begins with; one that is cut after had its effect.

import type { Socket } from "node:net";
import { type DatabaseRelay, guestPage, type Handling, startDatabaseRelay } from "./database-relay.ts";
import type { Call } from "./rig.ts";

/** What the SQL of a packet begins a call with. */
const calls: [Call, RegExp][] = [
  ["describe", /GENERATION_EXPRESSION|CHARACTER_MAXIMUM_LENGTH/],
  ["read", /^SELECT [^@]*AS `?loadline_id/],
  ["write", /^COMMIT/],
];

/** COM_QUERY and COM_STMT_PREPARE, which begin with their SQL; COM_INIT_DB. */
const [query, prepare, use] = [3, 22, 2];

export function startMysqlRelay(target: number, database: string): Promise<DatabaseRelay> {
  return startDatabaseRelay(target, database, {
    pass: relayPackets,
    // The sign-in begins with the server's greeting.
    answerOf: (mishap, call) => answers[String(mishap)]?.(call === "sign-in" ? 0 : 1),
  });
}

function relayPackets(client: Socket, upstream: Socket, { database, strike }: Handling): void {
  if (strike("sign-in")) return;
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
  "a page": () => Buffer.from(guestPage),
};
