// What a server offers for its connection to be safe: the first packet that it sends, in clear (RFC 4253, 7.1). In: the
// line, as the handshake reads it. Out: its lists, for the message of a handshake that can never succeed. What must hold:
// nothing is taken from the line: the handshake gets every byte.

import type { Readable } from "node:stream";

export interface Offer {
  keyExchanges: string[];
  hostKeys: string[];
  /** To the server. */
  ciphersIn: string[];
  ciphersOut: string[];
  macsIn: string[];
  macsOut: string[];
  compressions: string[];
}

const keyExchangeInit = 20;
/** A greeting and its lists are shorter. */
const observedBytesMax = 64 * 1024;
/** Length of the packet, length of its padding. */
const headBytes = 5;
const cookieBytes = 16;

/** Call it in the same turn in which the handshake begins to read. Gives what was offered by the time it is asked. */
export function observeOffer(line: Readable): () => Offer | undefined {
  let seen = Buffer.alloc(0);
  let offer: Offer | undefined;
  const observe = (chunk: Buffer) => {
    seen = Buffer.concat([seen, chunk]);
    offer = readOffer(seen);
    if (offer !== undefined || seen.length > observedBytesMax) line.removeListener("data", observe);
  };
  line.on("data", observe);
  return () => offer;
}

/** Said in the list of key exchanges, and none (RFC 8308, 2.1; OpenSSH's PROTOCOL, 1.10). */
function isMark(name: string): boolean {
  return name.startsWith("ext-info-") || name.startsWith("kex-strict-");
}

/** Lines, of which the last one is the version; then the packet. */
function readOffer(seen: Buffer): Offer | undefined {
  const text = seen.toString("latin1");
  const version = /^SSH-[^\n]*\n/m.exec(text);
  if (version === null) return undefined;
  const packet = seen.subarray(version.index + version[0].length);
  if (packet.length < headBytes || packet.length < 4 + packet.readUInt32BE()) return undefined;
  if (packet[headBytes] !== keyExchangeInit) return undefined;
  const lists: string[][] = [];
  let at = headBytes + 1 + cookieBytes;
  while (lists.length < 8 && at + 4 <= packet.length) {
    const end = at + 4 + packet.readUInt32BE(at);
    const names = packet.toString("latin1", at + 4, end).split(",");
    lists.push(names.filter((name) => name !== "" && !isMark(name)));
    at = end;
  }
  const [keyExchanges, hostKeys, ciphersIn, ciphersOut, macsIn, macsOut, compressions] = lists;
  if (compressions === undefined) return undefined;
  return {
    keyExchanges: keyExchanges ?? [],
    hostKeys: hostKeys ?? [],
    ciphersIn: ciphersIn ?? [],
    ciphersOut: ciphersOut ?? [],
    macsIn: macsIn ?? [],
    macsOut: macsOut ?? [],
    compressions,
  };
}
