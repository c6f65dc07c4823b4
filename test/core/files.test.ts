import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { hashFile, readPieces, sha256Of } from "../../src/core/files.ts";

test("a file is read by pieces of a megabyte at most, in buffers that are no larger than it has use for", async () => {
  const folder = mkdtempSync(join(tmpdir(), "loadline-files-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "file");
  for (const [size, buffer] of [
    [0, 65_536],
    [100, 65_536],
    [300_000, 300_000],
    [3_000_000, 1_048_576],
  ] as const) {
    const bytes = Buffer.alloc(size, "loadline");
    writeFileSync(path, bytes);
    expect(readPieces(path).destroy().readableHighWaterMark).toBe(buffer);
    expect(await readPieces(path, 7).toArray()).toSatisfy((pieces) => bytes.subarray(7).equals(Buffer.concat(pieces)));
    expect(await hashFile(path)).toBe(sha256Of(bytes));
  }
});
