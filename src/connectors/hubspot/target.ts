// HubSpot as a source and a target: one account, one client, one pace for both.

import type { ConnectionContext } from "../../contract/connection.ts";
import type { Demands } from "../../contract/describe.ts";
import type { Source } from "../../contract/source.ts";
import type { Target, TargetCapabilities } from "../../contract/target.ts";
import { usageFailure } from "../../core/errors.ts";
import { withAccount } from "../kit/account.ts";
import { proofOf } from "../kit/proof.ts";
import { AssociationTypes } from "./association-types.ts";
import { AssociatedRecords } from "./associations.ts";
import { resultColumns } from "./batch-rows.ts";
import { openChanges } from "./changes.ts";
import { HubSpotClient } from "./client.ts";
import type { HubSpotConnection } from "./connection.ts";
import { readRowError } from "./errors.ts";
import { readFieldTimes } from "./field-times.ts";
import { Imports } from "./imports.ts";
import { openLookups } from "./lookups.ts";
import { describeOwners, ownersObject, readOwners } from "./owner-records.ts";
import { idColumn, stageProperty } from "./properties.ts";
import { batchRowsMax } from "./records.ts";
import { clearCell, renderField } from "./render.ts";
import { readAssociationName, Schemas } from "./schema.ts";
import { readSnapshot, versionColumn } from "./snapshot.ts";
import { openHubSpotSource } from "./source.ts";
import { chooseWay, forecastCalls } from "./ways.ts";
import { explainFilter } from "./where.ts";
import { recallAnswers, writeBatch } from "./write.ts";

const capabilities: TargetCapabilities = {
  batchesInFlight: 4,
  clearCell,
  idColumn,
  versionColumn,
  results: resultColumns,
  modes: ["insert", "update", "upsert", "delete", "mirror"],
  namedKeysMax: Number.POSITIVE_INFINITY,
  insertsByKey: true,
};

/** Signs in. Throws a Failure (8 refused, 75 unreachable). */
export async function openHubSpot(
  connection: HubSpotConnection,
  context: ConnectionContext,
): Promise<{ source: Source; target: Target }> {
  const client = new HubSpotClient(connection, context);
  await client.connect();
  const lookups = openLookups(client);
  const schemas = new Schemas(client, lookups);
  const parents = new AssociatedRecords(client);
  const types = new AssociationTypes(client);
  const explainLabel = async (object: string, name: string) => {
    const association = readAssociationName(name);
    return association === undefined ? undefined : types.explainLabel(object, association);
  };
  const stagesOf = async (object: string) =>
    (await schemas.describe(object)).fields.get(stageProperty)?.picklist?.values ?? [];
  const target = withAccount(client, {
    capabilities,
    readIdentity: async () => client.identity,
    forecastCalls,
    forecastReads: (records) => Math.ceil(records / batchRowsMax),
    listObjects: () => schemas.listObjects(),
    describe: async (object) => (object === ownersObject ? describeOwners() : schemas.describe(object)),
    refuseDemands: async (demands) => refuseDemands(demands),
    async resolveField(schema, name) {
      const field = await schemas.resolveField(schema, name);
      return field === undefined || (await explainLabel(schema.object, name)) === undefined ? field : undefined;
    },
    explainName: async (schema, name) =>
      (await schemas.explainName(schema, name)) ?? (await explainLabel(schema.object, name)),
    async explainFilter(object, filter) {
      if (object === ownersObject) return "owners take no filter; those who are archived are left out";
      const { fields } = await schemas.describe(object);
      return explainFilter(object, filter, fields);
    },
    render: renderField,
    clearedValue: () => "CAST(NULL AS VARCHAR)",
    snapshot: (request) =>
      client.explain(`reading ${request.object}`, async () => {
        if (request.object === ownersObject) return readOwners(request, lookups);
        const { fields } = await schemas.describe(request.object);
        return readSnapshot(client, request, fields);
      }),
    changes: openChanges(client, (object) => schemas.describe(object)),
    fieldTimes: (request) =>
      client.explain(`reading the history of ${request.object}`, () => readFieldTimes(client, request)),
    chooseWay,
    writes: {
      job: new Imports(client, (object) => schemas.typeIdOf(object)),
      calls: {
        proofOf,
        begin: async () => (await client.readClock()).toISOString(),
        write: (batch, attempt, files, signal) =>
          writeBatch(batch, { client, parents, types, stagesOf, files, attempt, signal }),
        recall: recallAnswers,
      },
    },
    readError: readRowError,
  });
  return { source: openHubSpotSource(client, schemas, lookups), target };
}

function refuseDemands({ hardDelete, assignmentRule, place }: Demands): void {
  const key = hardDelete ? "hard_delete" : assignmentRule === undefined ? undefined : "assignment_rule";
  if (key === undefined) return;
  throw usageFailure(`target.${key}: HubSpot has nothing of the kind`, { where: place, next: "take it out" });
}
