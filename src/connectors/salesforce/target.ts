// Salesforce as a source and a target: one session for both.

import type { ConnectionContext } from "../../contract/connection.ts";
import type { Source } from "../../contract/source.ts";
import type { Target, TargetCapabilities } from "../../contract/target.ts";
import type { CallWrites, JobWrites } from "../../contract/write.ts";
import type { ObjectSchema } from "../../core/model.ts";
import { withAccount } from "../kit/account.ts";
import { readBatchRows } from "../kit/batch-file.ts";
import { proofOf } from "../kit/proof.ts";
import { remember, rememberEach } from "../kit/remember.ts";
import { forecastCalls, readLimits } from "./allowance.ts";
import { abortJob, closeJob, fetchRefused, fetchWritten, inspectJob, openJob, uploadBatch } from "./bulk-ingest.ts";
import { openChanges } from "./changes.ts";
import { SalesforceClient } from "./client.ts";
import { resultColumns, writeCollection } from "./collections.ts";
import type { SalesforceConnection } from "./connection.ts";
import { refuseDemands } from "./demands.ts";
import { readRowError } from "./errors.ts";
import { explainFilter } from "./filter.ts";
import { readIdentity } from "./identity.ts";
import { jsonColumns } from "./json-records.ts";
import { clearCell, renderField } from "./render.ts";
import { describeObject, explainName, listObjects, listPrefixes, resolveField, withPrefixes } from "./schema.ts";
import { forecastReads, idColumn, readSnapshot, versionColumn } from "./snapshot.ts";
import { openSalesforceSource } from "./source.ts";
import { undeleteRecords } from "./undelete.ts";
import { chooseWay } from "./ways.ts";

const capabilities: TargetCapabilities = {
  batchesInFlight: 4,
  clearCell,
  idColumn,
  versionColumn,
  results: resultColumns,
  modes: ["insert", "update", "upsert", "delete", "mirror"],
  namedKeysMax: 5000,
  findsByAnyField: true,
};

/** Signs in. Throws a Failure (8 refused, 75 unreachable). */
export async function openSalesforce(
  connection: SalesforceConnection,
  context: ConnectionContext,
): Promise<{ source: Source; target: Target }> {
  const client = new SalesforceClient(connection, context);
  await client.connect();
  const describe = rememberEach((object) => describeObject(client, object));
  const prefixes = remember(() => listPrefixes(client));
  const target = withAccount(client, {
    capabilities,
    readAllowance: () => readLimits(client),
    readIdentity: () => readIdentity(client),
    forecastCalls,
    forecastReads,
    listObjects: () => listObjects(client),
    describe,
    canonicalName: async (object) => (await describe(object)).object,
    refuseDemands: (demands) => refuseDemands(client, demands),
    async resolveField(schema, name) {
      const field = await resolveField(schema, name, describe);
      return field?.kind === "reference" ? withPrefixes(field, await prefixes()) : field;
    },
    explainName: (schema, name) => explainName(schema, name, describe),
    explainFilter: (object, filter) => explainFilter(client, object, filter),
    render: renderField,
    // A checkbox is never empty: false stands for no value.
    clearedValue: (field) => (field.kind === "boolean" ? "'false'" : "CAST(NULL AS VARCHAR)"),
    snapshot: (request) =>
      client.explain(`reading ${request.object}`, async () => {
        const schema = await describe(request.object);
        return readSnapshot(client, request, await resolveField(schema, request.key[0] ?? idColumn, describe));
      }),
    changes: openChanges(client, describe),
    chooseWay,
    writes: { job: jobWrites(client), calls: callWrites(client, describe) },
    readError: readRowError,
  });
  return { source: openSalesforceSource(client, describe), target };
}

function jobWrites(client: SalesforceClient): JobWrites {
  return {
    // https://developer.salesforce.com/docs/atlas.en-us.salesforce_app_limits_cheatsheet.meta/salesforce_app_limits_cheatsheet/salesforce_app_limits_platform_bulkapi.htm
    handlesKeptDays: 7,
    open: (batch, signal) => openJob(client, batch, signal),
    upload: (handle, batch, onBytes, signal) => uploadBatch(client, handle, batch, onBytes, signal),
    commit: (handle, _batch, signal) => closeJob(client, handle, signal),
    abandon: (handle, signal) => abortJob(client, handle, signal),
    inspect: (handle, _batch, signal) => inspectJob(client, handle, signal),
    fetchResults: (handle, _batch, files, signal) => fetchWritten(client, handle, files, signal),
    fetchRefused: (handle, _batch, files, signal) => fetchRefused(client, handle, files, signal),
  };
}

function callWrites(client: SalesforceClient, describe: (object: string) => Promise<ObjectSchema>): CallWrites {
  return {
    proofOf,
    write: async (batch, attempt, files, signal) => {
      if (batch.operation === "undelete") return undeleteRecords(client, batch, files, signal);
      const schema = await describe(batch.object);
      const { headers, rows } = readBatchRows(batch.path);
      const columns = await jsonColumns(schema, headers, (name) => resolveField(schema, name, describe));
      await writeCollection(client, { batch, columns, rows, attempt, files, signal });
    },
  };
}
