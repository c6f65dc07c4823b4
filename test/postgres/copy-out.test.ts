// Rows of a COPY, whose messages come in pieces of any size. In: bytes of the protocol. Must hold: the file has what the
// server sent and is told as it is; all else goes to the driver, whole and in order.

import { EventEmitter } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "pg";
import { expect, test } from "vitest";
import { copyIntoFile } from "../../src/connectors/postgres/copy-out.ts";
import { sha256Of } from "../../src/core/files.ts";

const message = (letter: string, body: string) => {
  const bytes = Buffer.from(`${letter}....${body}`);
  bytes.writeUInt32BE(bytes.length - 1, 1);
  return bytes;
};
const lines = ["id,text\n", '1,"ä, ""b"""\n', "2,\n", ""];
const ending = Buffer.concat([message("c", ""), message("C", "COPY 2\0"), message("Z", "I")]);
const sent = Buffer.concat([
  message("H", "\0\0\0"),
  ...lines.map((line) => message("d", line)),
  message("N", "a notice"),
  message("d", "3,\0\n"),
  ending,
]);

/** A socket that gives `bytes` in pieces, and the driver's part of it. */
function serve(bytes: Buffer, size: number) {
  const socket = Object.assign(new EventEmitter(), { pause: () => undefined, resume: () => undefined });
  const driven: Buffer[] = [];
  socket.on("data", (piece: Buffer) => driven.push(piece));
  const client = {
    query(copy: { submit(connection: unknown): void; handleCommandComplete(told: object): void } & Ending) {
      copy.submit({ stream: socket, query: () => undefined });
      queueMicrotask(() => {
        for (let at = 0; at < bytes.length; at += size) socket.emit("data", Buffer.from(bytes.subarray(at, at + size)));
        copy.handleCommandComplete({ text: "COPY 2" });
        copy.handleReadyForQuery();
      });
    },
  };
  return { client: client as unknown as Client, driven };
}

interface Ending {
  handleReadyForQuery(): void;
}

test("in pieces of any size, rows are those that were sent, and the driver hears the rest", async () => {
  const folder = mkdtempSync(join(tmpdir(), "loadline-copy-"));
  const path = join(folder, "part.csv");
  const text = `${lines.join("")}3,\0\n`;
  for (let size = 1; size <= sent.length; size += 1) {
    const { client, driven } = serve(sent, size);
    const { rows, content } = await copyIntoFile(client, "COPY", path, new AbortController().signal);
    expect(readFileSync(path, "utf8")).toBe(text);
    expect({ rows, ...content }).toEqual({
      ...{ rows: 2, bytes: Buffer.byteLength(text), sha256: sha256Of(Buffer.from(text)), suspect: true },
    });
    expect(Buffer.concat(driven)).toEqual(ending);
  }
  rmSync(folder, { recursive: true });
});
