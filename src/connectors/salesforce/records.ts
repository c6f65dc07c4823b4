// What the ways to extract records share: the window as SOQL, and parts as files.

import { statSync } from "node:fs";
import { join } from "node:path";
import { hashFile } from "../../core/files.ts";
import type { Part } from "../../core/model.ts";
import type { ExtractedPart, ExtractRequest } from "../../extract/source.ts";
import type { ObjectSource } from "../../job/job.ts";

export interface RecordsRequest extends ExtractRequest<ObjectSource> {
  /** Fields of the SELECT, and of each part. */
  fields: readonly string[];
  cursor: string;
  all: boolean;
}

export function windowConditions({ window }: Pick<ExtractRequest, "window">, cursor: string): string[] {
  if (window === undefined) return [];
  const from = window.from === undefined ? [] : [`${cursor} >= ${window.from}`];
  return [...from, `${cursor} < ${window.to}`];
}

export function joinConditions(conditions: readonly (string | undefined)[]): string | undefined {
  const present = conditions.filter((condition) => condition !== undefined);
  if (present.length < 2) return present[0];
  return present.map((condition) => `(${condition})`).join(" AND ");
}

export function partName(ordinal: number): string {
  return `part-${String(ordinal).padStart(5, "0")}.csv`;
}

export function partPath({ folder }: Pick<ExtractRequest, "folder">, ordinal: number): string {
  return join(folder, partName(ordinal));
}

export async function describePart(
  path: string,
  ordinal: number,
  told: Pick<Part, "label" | "locator"> & { rows: number },
): Promise<ExtractedPart> {
  return {
    ordinal,
    path,
    ...told,
    bytes: statSync(path).size,
    sha256: await hashFile(path),
    compressed: path.endsWith(".gz"),
    suspect: false,
  };
}
