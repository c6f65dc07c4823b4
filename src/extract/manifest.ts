// A manifest: what the sender of files says of each. In: CSV with a header, or JSON. Out: name, and where they are given
// rows, bytes and the SHA-256. Other columns are passed over.

import { parse } from "csv-parse/sync";
import { z } from "zod";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";

export interface ManifestEntry {
  name: string;
  rows: number | null;
  bytes: number | null;
  sha256: string | null;
}

/** An empty cell says nothing. */
const count = z.union([z.literal("").transform(() => null), z.coerce.number().int().min(0)]);
const sha256 = z.union([
  z.literal("").transform(() => null),
  z
    .string()
    .regex(/^[0-9a-f]{64}$/i, "expected 64 hexadecimal digits")
    .toLowerCase(),
]);

const entries = z.array(
  z.object({
    name: z.string().min(1),
    rows: count.nullable().default(null),
    bytes: count.nullable().default(null),
    sha256: sha256.nullable().default(null),
  }),
);

/** Throws a Failure that names the manifest. */
export function parseManifest(text: string, label: string): ManifestEntry[] {
  try {
    const plain = text.replace(/^\uFEFF/, "");
    const written: unknown = /^\s*[[{]/.test(plain)
      ? listOf(JSON.parse(plain))
      : parse(plain, { columns: refuseNameless, skip_empty_lines: true, trim: true });
    return entries.parse(written);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new Failure(exitCode.failed, "the manifest can't be read", {
      where: { file: label },
      why: error instanceof z.ZodError ? z.prettifyError(error).replaceAll("\n", " ") : said,
      next: "it is CSV with the columns name, rows, bytes, sha256 (all but name may lack), or JSON: a list of such objects",
    });
  }
}

function refuseNameless(header: string[]): string[] {
  if (!header.includes("name")) throw new Error("it has no column called name");
  return header;
}

/** `[…]` or `{ "files": […] }`. */
function listOf(json: unknown): unknown {
  return Array.isArray(json) ? json : (json as { files?: unknown }).files;
}
