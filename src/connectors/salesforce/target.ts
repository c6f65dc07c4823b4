// Salesforce as a target.

import type { ObjectSchema } from "../../core/model.ts";
import { HttpClient } from "../../http/client.ts";
import type { Environment, SalesforceConnection } from "../../job/job.ts";
import type { Target, TargetCapabilities } from "../../load/target.ts";
import { forecastCalls, readLimits } from "./allowance.ts";
import { abortJob, closeJob, fetchResults, inspectJob, openJob, uploadBatch } from "./bulk-ingest.ts";
import { SalesforceClient } from "./client.ts";
import { readRowError } from "./errors.ts";
import { clearCell, renderField } from "./render.ts";
import { describeObject, listObjects, resolveField } from "./schema.ts";
import { idColumn, readSnapshot, versionColumn } from "./snapshot.ts";

/** https://developer.salesforce.com/docs/atlas.en-us.salesforce_app_limits_cheatsheet.meta/salesforce_app_limits_cheatsheet/salesforce_app_limits_platform_bulkapi.htm */
const capabilities: TargetCapabilities = {
  batchRowsMax: 150_000,
  batchBytesMax: 100_000_000,
  batchesInFlight: 4,
  clearCell,
  idColumn,
  versionColumn,
  results: { id: "sf__Id", created: "sf__Created", error: "sf__Error" },
  modes: ["insert", "update", "upsert", "delete", "mirror"],
};

/** Signs in. Throws a Failure (8 refused, 75 unreachable). */
export async function openSalesforceTarget(
  connection: SalesforceConnection,
  environment: Environment,
  onRetry: (text: string) => void,
  signal: AbortSignal,
): Promise<Target> {
  const http = new HttpClient();
  const client = new SalesforceClient(connection, environment, http, onRetry, signal);
  await client.connect();
  const described = new Map<string, Promise<ObjectSchema>>();
  const describe = (object: string): Promise<ObjectSchema> => {
    const known = described.get(object) ?? describeObject(client, object);
    described.set(object, known);
    return known;
  };
  return {
    capabilities,
    orgId: client.orgId,
    get apiCalls() {
      return http.calls;
    },
    get waitedMs() {
      return http.waitedMs;
    },
    warnings: client.warnings,
    get allowance() {
      return client.allowance;
    },
    readAllowance: () => readLimits(client),
    forecastCalls,
    listObjects: () => listObjects(client),
    describe,
    resolveField: (schema, name) => resolveField(schema, name, describe),
    render: renderField,
    // A checkbox is never empty: false stands for no value.
    clearedValue: (field) => (field.kind === "boolean" ? "'false'" : "CAST(NULL AS VARCHAR)"),
    snapshot: (request) =>
      client.explain(`reading ${request.object}`, async () => {
        const schema = await describe(request.object);
        return readSnapshot(client, request, schema.fields.get(request.key[0] ?? idColumn));
      }),
    open: (batch, signal) => openJob(client, batch, signal),
    upload: (handle, batch, onBytes, signal) => uploadBatch(client, handle, batch, onBytes, signal),
    commit: (handle, signal) => closeJob(client, handle, signal),
    abandon: (handle, signal) => abortJob(client, handle, signal),
    inspect: (handle, signal) => inspectJob(client, handle, signal),
    fetchResults: (handle, files, signal) => fetchResults(client, handle, files, signal),
    readError: readRowError,
    explain: (doing, act) => client.explain(doing, act),
    close: () => http.close(),
  };
}
