// Rows that COPY sends, straight into a file. In: a COPY … TO STDOUT. Out: the file, and what is told of its bytes. Must hold:
// they are those that the server sent; what it says beside them goes to the driver. The stream of pg-copy-streams makes a
// buffer for each row, which took half of the client's time (measured).

import { createWriteStream } from "node:fs";
import type { Duplex } from "node:stream";
import { finished } from "node:stream/promises";
import type { Client, Connection, Submittable } from "pg";
import { type PartBytes, PartContent } from "../../core/part-file.ts";

/** So much is written at once: the server sends pieces of 8 KB, and a write of each cost as much as all else (measured). */
const pieceBytes = 1 << 18;
/** So much waits for the disk before the server has to. */
const waitingBytesMax = 1 << 20;

/** Gives how many rows the server says it sent. */
export async function copyIntoFile(
  client: Client,
  statement: string,
  path: string,
  signal: AbortSignal,
): Promise<{ rows: number; content: PartBytes }> {
  const file = createWriteStream(path, { mode: 0o600, highWaterMark: waitingBytesMax });
  const content = new PartContent();
  let isBroken = false;
  let waiting: Buffer[] = [];
  let length = 0;
  const write = () => {
    const bytes = content.add(Buffer.concat(waiting, length));
    [waiting, length] = [[], 0];
    return file.write(bytes);
  };
  const copy = new Copy(statement, (bytes, socket) => {
    if (isBroken) return;
    waiting.push(bytes);
    length += bytes.length;
    if (length < pieceBytes || write()) return;
    socket.pause();
    file.once("drain", () => socket.resume());
  });
  client.query(copy);
  try {
    const sent = copy.rows.then((rows) => {
      write();
      file.end();
      // A stream that ends says no more that it has drained.
      copy.socket?.resume();
      return rows;
    });
    const [rows] = await Promise.all([sent, finished(file, { signal })]);
    return { rows, content: content.told() };
  } catch (error) {
    // What still comes is read and dropped, so that the server hears that it is to stop.
    isBroken = true;
    // It may be on its way to be opened, and fail at that: what ended the copy is told.
    file.on("error", () => undefined);
    file.destroy();
    copy.socket?.resume();
    throw error;
  }
}

type Take = (bytes: Buffer, socket: Duplex) => void;

/** https://www.postgresql.org/docs/current/protocol-message-formats.html */
const copyData = 0x64;
/** CopyOutResponse, and what may stand between rows: notices, settings that change, notifications. */
const passed = new Set([0x48, 0x4e, 0x53, 0x41]);
/** A letter, and the length of all but the letter. */
const headBytes = 5;

/** What pg calls a query: it takes the bytes of the connection for as long as rows come. */
class Copy implements Submittable {
  readonly #statement: string;
  readonly #take: Take;
  readonly #rows = Promise.withResolvers<number>();
  #count = 0;
  socket: Duplex | undefined;
  /** pg's own listener. */
  #driver: ((bytes: Buffer) => void) | undefined;
  /** Of the message whose bytes come. */
  #left = 0;
  #isRow = false;
  /** The beginning of a message's head. */
  #head: Buffer = Buffer.alloc(0);

  constructor(statement: string, take: Take) {
    this.#statement = statement;
    this.#take = take;
  }

  get rows(): Promise<number> {
    return this.#rows.promise;
  }

  submit(connection: Connection): void {
    const socket = connection.stream as Duplex;
    this.socket = socket;
    [this.#driver] = socket.listeners("data") as ((bytes: Buffer) => void)[];
    socket.on("data", this.#read);
    if (this.#driver !== undefined) socket.off("data", this.#driver);
    connection.query(this.#statement);
  }

  readonly #read = (received: Buffer): void => {
    const bytes = this.#head.length === 0 ? received : Buffer.concat([this.#head, received]);
    this.#head = bytes.subarray(0, 0);
    let at = 0;
    let end = 0;
    while (at < bytes.length) {
      if (this.#left === 0) {
        if (bytes.length - at < headBytes) {
          this.#head = Buffer.from(bytes.subarray(at));
          break;
        }
        const letter = bytes[at] ?? 0;
        this.#isRow = letter === copyData;
        if (!this.#isRow && !passed.has(letter)) break;
        this.#left = bytes.readUInt32BE(at + 1) - (headBytes - 1);
        at += headBytes;
      }
      const length = Math.min(this.#left, bytes.length - at);
      // Rows move together in the buffer they came in.
      if (this.#isRow) {
        bytes.copyWithin(end, at, at + length);
        end += length;
      }
      at += length;
      this.#left -= length;
    }
    if (end > 0 && this.socket !== undefined) this.#take(bytes.subarray(0, end), this.socket);
    if (at < bytes.length && this.#head.length === 0) this.#giveBack(bytes.subarray(at));
  };

  #giveBack(rest?: Buffer): void {
    const driver = this.#driver;
    this.#driver = undefined;
    if (driver === undefined) return;
    this.socket?.on("data", driver);
    this.socket?.off("data", this.#read);
    if (rest !== undefined) driver(rest);
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.#count = Number(/^COPY (\d+)/.exec(text)?.[1]);
  }

  handleReadyForQuery(): void {
    if (Number.isNaN(this.#count)) this.#rows.reject(new Error("the server did not say how many rows COPY sent"));
    else this.#rows.resolve(this.#count);
  }

  /** Rows that came to the driver are not in the file. */
  handleCopyData(): void {
    this.#rows.reject(new Error("rows of COPY came out of turn"));
  }

  handleError(error: Error): void {
    this.#giveBack();
    this.#rows.reject(error);
  }
}
