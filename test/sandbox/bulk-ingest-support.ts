// Ingest jobs of the sandbox, and what they refuse.

import type { Org } from "./support.ts";
export const upsert = { object: "Contact", operation: "upsert", externalIdFieldName: "Ext__c" };

export async function errors(org: Org, job: Record<string, unknown>): Promise<Record<string, string>> {
  const failed = await org.results(job["id"], "failedResults");
  return Object.fromEntries(failed.map((row) => [String(Object.values(row)[2]), String(row["sf__Error"])]));
}

export function refusedWith(answer: { status: number; body: unknown }): unknown[] {
  const [error] = answer.body as { errorCode: string; message: string }[];
  return [answer.status, error?.errorCode, error?.message];
}
