// A zip of small files, written by the format's description (PKWARE APPNOTE 4.3).

import { crc32, deflateRawSync } from "node:zlib";

/** `claimed` is what the directory says instead of the true size. */
export function zipOf(files: Record<string, string | Uint8Array>, claimed?: number): Buffer {
  const local: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const data = deflateRawSync(content);
    const fixed = Buffer.alloc(26);
    fixed.writeUInt16LE(20, 0);
    fixed.writeUInt16LE(8, 4);
    fixed.writeUInt32LE(crc32(content), 10);
    fixed.writeUInt32LE(data.length, 14);
    fixed.writeUInt32LE(claimed ?? Buffer.from(content).length, 18);
    fixed.writeUInt16LE(name.length, 22);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    const entry = [Buffer.from("PK\x03\x04", "latin1"), fixed, Buffer.from(name), data];
    directory.push(Buffer.from("PK\x01\x02\x14\x00", "latin1"), fixed, rest, Buffer.from(name));
    local.push(...entry);
    offset += Buffer.concat(entry).length;
  }
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(Object.keys(files).length, 8);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, ...directory, end]);
}
