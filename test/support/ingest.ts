// Loads CSV into a sandbox by Bulk API 2.0, behind loadline's back.

import { vi } from "vitest";
import type { Sandbox } from "./rig.ts";

const token = "00Dsandbox0000001!loadline";

/** Upserts by an external id and waits for the end; throws unless every row is taken. */
export async function ingest(
  sandbox: Sandbox,
  object: string,
  externalIdFieldName: string,
  csv: string,
): Promise<void> {
  const made = await sandbox.api("POST", "jobs/ingest", { object, operation: "upsert", externalIdFieldName });
  const { id } = made.body as { id: string };
  await fetch(`${sandbox.origin}/services/data/v68.0/jobs/ingest/${id}/batches`, {
    method: "PUT",
    headers: { authorization: `Bearer ${token}`, "content-type": "text/csv" },
    body: csv,
  });
  await sandbox.api("PATCH", `jobs/ingest/${id}`, { state: "UploadComplete" });
  const ended = await vi.waitFor(
    async () => {
      const { body } = await sandbox.api("GET", `jobs/ingest/${id}`);
      const info = body as Record<string, unknown>;
      if (info["state"] !== "JobComplete" && info["state"] !== "Failed")
        throw new Error(`job is ${String(info["state"])}`);
      return info;
    },
    { timeout: 60_000 },
  );
  if (ended["state"] !== "JobComplete" || ended["numberRecordsFailed"] !== 0) throw new Error(JSON.stringify(ended));
}
