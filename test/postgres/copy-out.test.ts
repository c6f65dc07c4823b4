// Rows of a COPY, whose messages come in pieces of any size. In: bytes of the protocol. Must hold: the file has what the
// server sent and is told as it is; all else goes to the driver, whole and in order.

import { EventEmitter } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "pg";
import { afterAll, expect, test } from "vitest";
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

interface Asked {
  submit(connection: unknown): void;
  handleCommandComplete(told: object): void;
  handleReadyForQuery(): void;
  handleCopyData(): void;
}

const endWell = (copy: Asked) => {
  copy.handleCommandComplete({ text: "COPY 2" });
  copy.handleReadyForQuery();
};

/** A socket that gives `bytes` in pieces, then what `end` does, and the driver's part of it. */
function serve(bytes: Buffer, size: number, end = endWell) {
  const moves: string[] = [];
  const socket = Object.assign(new EventEmitter(), {
    pause: () => moves.push("pause"),
    resume: () => moves.push("resume"),
  });
  const driven: Buffer[] = [];
  socket.on("data", (piece: Buffer) => driven.push(piece));
  const client = {
    query(copy: Asked) {
      copy.submit({ stream: socket, query: () => undefined });
      queueMicrotask(() => {
        for (let at = 0; at < bytes.length; at += size) socket.emit("data", Buffer.from(bytes.subarray(at, at + size)));
        end(copy);
      });
    },
  };
  return { client: client as unknown as Client, driven, moves };
}

const folder = mkdtempSync(join(tmpdir(), "loadline-copy-"));
const path = join(folder, "part.csv");
afterAll(() => rmSync(folder, { recursive: true }));

test("in pieces of any size, rows are those that were sent, and the driver hears the rest", async () => {
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
});

test("a socket that had to wait for the disk goes on when the rows have ended, and when the copy is broken off", async () => {
  const many = Buffer.concat([message("d", "x".repeat(1 << 21)), ending]);
  const served = serve(many, 1 << 16);
  const { content } = await copyIntoFile(served.client, "COPY", path, new AbortController().signal);
  expect(content.bytes).toBe(1 << 21);
  expect([served.moves[0], served.moves.at(-1)]).toEqual(["pause", "resume"]);
  const stop = new AbortController();
  const broken = serve(many, 1 << 16, () => stop.abort(new Error("stopped")));
  await expect(copyIntoFile(broken.client, "COPY", path, stop.signal)).rejects.toThrow();
  expect([broken.moves[0], broken.moves.at(-1)]).toEqual(["pause", "resume"]);
});

test("rows that came to the driver, and an answer without a count, are no whole part", async () => {
  const copied = (end: (copy: Asked) => void) =>
    copyIntoFile(serve(sent, sent.length, end).client, "COPY", path, new AbortController().signal);
  await expect(
    copied((copy) => {
      copy.handleCopyData();
      endWell(copy);
    }),
  ).rejects.toThrow("rows of COPY came out of turn");
  await expect(
    copied((copy) => {
      copy.handleCommandComplete({ text: "SELECT" });
      copy.handleReadyForQuery();
    }),
  ).rejects.toThrow("did not say how many rows");
});
