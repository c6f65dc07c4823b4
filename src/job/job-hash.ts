// What a job says, as one hash: a resumed run compares it with that of its start.

import { createHash } from "node:crypto";
import type { Place } from "../core/errors.ts";
import type { Job } from "./job.ts";

/** SHA-256 in hexadecimal. Places, in the file and on the disk, are left out and keys sorted, so that only a change of meaning changes it. */
export function hashJob(job: Omit<Job, "file" | "hash" | "notify" | "ping" | "report" | "tests">): string {
  const canonical = JSON.stringify(job, (key, value: unknown) => {
    if (key === "place" || key.endsWith("Place") || key === "filePath") return undefined;
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    // What is said by where it stands.
    if (isPlace(value)) return true;
    return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)));
  });
  return createHash("sha256").update(canonical).digest("hex");
}

const placeKeys = ["file", "line", "column", "remote"] satisfies (keyof Place)[];

function isPlace(value: object): boolean {
  const isKnown = (name: string) => placeKeys.some((one) => one === name);
  return "line" in value && typeof value.line === "number" && Object.keys(value).every(isKnown);
}
