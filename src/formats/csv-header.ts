// The columns of a CSV file of ours, which may be as long as a table. In: its path. Out: names.

import { closeSync, openSync, readSync } from "node:fs";
import { parse } from "csv-parse/sync";

/** Salesforce takes header lines of 32,000 characters at most; a table has 1,600 columns, of names of 63 bytes. */
const headerBytesMax = 128 * 1024;

export function headerOf(path: string): string[] {
  const start = Buffer.alloc(headerBytesMax);
  const descriptor = openSync(path, "r");
  const bytes = readSync(descriptor, start);
  closeSync(descriptor);
  return (parse(start.subarray(0, bytes), { to: 1, relax_quotes: true, bom: true }) as string[][])[0] ?? [];
}
