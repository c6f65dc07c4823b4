// Reading what a client sends: whole for JSON and forms, as a stream for uploads.

import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";

/** A request's body with a gzip Content-Encoding undone. */
export function bodyOf(message: IncomingMessage): Readable {
  if (message.headers["content-encoding"] !== "gzip") return message;
  const plain = createGunzip();
  message.on("error", (error) => plain.destroy(error));
  return message.pipe(plain);
}

/** The whole body as text. */
export async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
