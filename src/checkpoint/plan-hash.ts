// What a plan is, as one hash: the job that made it, and for each stream the org and the file with its changes. Whoever
// approves a plan approves that.

import { sha256Of } from "../core/files.ts";
import type { RunRecord, StreamRecord } from "./facts.ts";

type HashedStream = Pick<StreamRecord, "name" | "org" | "planSha256">;

export function hashPlan({ id, jobHash }: Pick<RunRecord, "id" | "jobHash">, streams: readonly HashedStream[]): string {
  const sorted = streams.toSorted((left, right) => (left.name < right.name ? -1 : 1));
  const said = [id, jobHash, sorted.map(({ name, org, planSha256 }) => [name, org, planSha256])];
  return sha256Of(Buffer.from(JSON.stringify(said)));
}
