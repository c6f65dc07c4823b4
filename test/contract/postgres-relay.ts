// What happens on the way to a PostgreSQL server. In: bytes of clients, cut into messages of the protocol
// (https://www.postgresql.org/docs/current/protocol-message-formats.html). Out: the same, but for the calls that meet a
// mishap. Must hold: a call is known by the SQL that it begins with; one that is cut after had its effect.

import type { Socket } from "node:net";
import { type DatabaseRelay, guestPage, type Handling, startDatabaseRelay } from "./database-relay.ts";
import type { Call } from "./rig.ts";

/** What the SQL of a message begins a call with. */
const calls: [Call, RegExp][] = [
  ["describe", /pg_get_serial_sequence/],
  ["read", /^COPY \(SELECT/],
  ["write", /^COMMIT/],
];

export function startPostgresRelay(target: number, database: string): Promise<DatabaseRelay> {
  return startDatabaseRelay(target, database, {
    pass: relayMessages,
    answerOf: (mishap) => answers[String(mishap)],
  });
}

function relayMessages(client: Socket, upstream: Socket, { database, strike }: Handling): void {
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
        upstream.write(leadTo(message, database()));
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
      if (text.startsWith("BEGIN")) writes = !text.includes("READ ONLY");
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
  "a page": Buffer.from(guestPage),
};
