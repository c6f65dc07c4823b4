// A ZIP archive with one file in it, as large exports come.
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT

import { crc32, deflateRawSync } from "node:zlib";

const version = 20;
const utf8Names = 0x0800;
const deflated = 8;
/** 1 January 1980, the first day that the format knows. */
const noDate = 0x0021;

/** Contents of less than 4 GiB. */
export function zipOf(name: string, content: Buffer): Buffer {
  const compressed = deflateRawSync(content, { level: 1 });
  const nameBytes = Buffer.from(name, "utf8");
  const common = fields([
    [version, 2],
    [utf8Names, 2],
    [deflated, 2],
    [0, 2],
    [noDate, 2],
    [crc32(content), 4],
    [compressed.length, 4],
    [content.length, 4],
    [nameBytes.length, 2],
    [0, 2],
  ]);
  const local = Buffer.concat([signature(0x04034b50), common, nameBytes, compressed]);
  const comment = fields([
    [0, 2],
    [0, 2],
    [0, 2],
    [0, 4],
    [0, 4],
  ]);
  const directory = Buffer.concat([signature(0x02014b50), fields([[version, 2]]), common, comment, nameBytes]);
  const end = fields([
    [0, 2],
    [0, 2],
    [1, 2],
    [1, 2],
    [directory.length, 4],
    [local.length, 4],
    [0, 2],
  ]);
  return Buffer.concat([local, directory, signature(0x06054b50), end]);
}

function signature(value: number): Buffer {
  return fields([[value, 4]]);
}

function fields(values: readonly (readonly [value: number, bytes: 2 | 4])[]): Buffer {
  const buffer = Buffer.alloc(values.reduce((sum, [, bytes]) => sum + bytes, 0));
  let at = 0;
  for (const [value, bytes] of values) at = buffer.writeUIntLE(value, at, bytes);
  return buffer;
}
