// What a plan is, as one hash: the job that made it, and for each stream the org, the file with its changes, its counts and
// what objects to it. Whoever approves a plan approves that.

import { sha256Of } from "../core/files.ts";
import type { RunRecord, StreamRecord } from "./facts.ts";

type HashedStream = Pick<StreamRecord, "name" | "org" | "planSha256" | "counts" | "stops">;

export function hashPlan({ id, jobHash }: Pick<RunRecord, "id" | "jobHash">, streams: readonly HashedStream[]): string {
  const sorted = streams.toSorted((left, right) => (left.name < right.name ? -1 : 1));
  const said = [
    id,
    jobHash,
    sorted.map(({ name, org, planSha256, counts, stops }) => [name, org, planSha256, counts, stops]),
  ];
  return sha256Of(Buffer.from(JSON.stringify(said)));
}
