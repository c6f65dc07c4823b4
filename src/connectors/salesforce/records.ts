// What the ways to extract records share: the window as SOQL, and times.

import type { ExtractRequest } from "../../contract/source.ts";
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
  return present.length === 0 ? undefined : present.map((condition) => `(${condition})`).join(" AND ");
}

/** A time as a bulk query writes it: it ends in Z where REST writes +0000. Other text stays as it is. */
export function bulkTime(text: string): string {
  return text.replace(/^(\d{4}-\d\d-\d\dT[\d:.]+)\+0000$/, "$1Z");
}
