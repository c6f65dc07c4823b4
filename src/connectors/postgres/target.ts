// PostgreSQL as a target. In: mapped rows. Out: rows that are written, each with its answer. Must hold: where the database
// has `loadline.batch`, a batch and its mark are one transaction; where it has not, nothing is written that a second call
// would double.

import type { Target } from "../../contract/target.ts";
import type { WayRequest } from "../../contract/ways.ts";
import type { RowError } from "../../contract/write.ts";
import { usageFailure } from "../../core/errors.ts";
import { withAccount } from "../kit/account.ts";
import { rememberEach } from "../kit/remember.ts";
import type { PostgresClient } from "./client.ts";
import { StatementFault } from "./faults.ts";
import { type DescribedTable, describeTable } from "./fields.ts";
import { idColumn, versionColumn } from "./query.ts";
import { readPresent } from "./snapshot.ts";
import { listTables } from "./tables.ts";
import { clearCell, renderField } from "./values.ts";
import { markedWrites, repeatableWrites, resultColumns } from "./write.ts";

const rowsMax = 10_000;
const bytesMax = 32 << 20;

/** `isPrepared`: the database has `loadline.batch`, and the role may use it. */
export function openPostgresTarget(client: PostgresClient, isPrepared: boolean): Target {
  const table = rememberEach((name: string) =>
    client.explain(`describing ${name}`, () => client.transact("read", (session) => describeTable(session, name))),
  );
  return withAccount(client, {
    capabilities: {
      batchesInFlight: 1,
      clearCell,
      idColumn,
      versionColumn,
      untimedVersions: true,
      results: resultColumns,
      modes: ["insert", "update", "upsert", "delete", "mirror"],
      namedKeysMax: 50_000,
      findsByAnyField: true,
    },
    writes: isPrepared ? { transaction: markedWrites(client, table) } : { calls: repeatableWrites(client, table) },
    listObjects: () =>
      client.explain("listing tables", async () => {
        const tables = await client.transact("read", (session) => listTables(session));
        return tables.map(({ name, label, isReadable, isCreateable, isUpdateable, isDeletable }) => ({
          ...{ name, label, createable: isCreateable, updateable: isUpdateable, deletable: isDeletable },
          ...{ queryable: isReadable, custom: false },
        }));
      }),
    describe: async (name) => (await table(name)).schema,
    readIdentity: () => client.explain("asking who is signed in", () => client.readIdentity()),
    canonicalName: async (name) => (await table(name)).table.name,
    resolveField: async ({ fields }, name) => fields.get(name),
    explainName: async () => undefined,
    explainFilter: (object, filter) => explainFilter(client, table, object, filter),
    async refuseDemands({ hardDelete, assignmentRule, place }) {
      if (!hardDelete && assignmentRule === undefined) return;
      throw usageFailure("a database has neither hard_delete nor assignment_rule", { where: place });
    },
    render: renderField,
    clearedValue: () => "CAST(NULL AS VARCHAR)",
    snapshot: (request) =>
      client.explain(`reading ${request.object}`, async () =>
        readPresent(client, await table(request.object), request),
      ),
    forecastReads: () => 0,
    chooseWay: (request) => chooseWay(client, request, isPrepared),
    forecastCalls: () => 0,
    readError: (text) => JSON.parse(text) as RowError,
  });
}

function chooseWay({ name }: PostgresClient, { operation, batchRows = rowsMax }: WayRequest, isPrepared: boolean) {
  if (operation === "insert" && !isPrepared) {
    throw usageFailure(`${name} does not remember what was inserted: a second try would double rows`, {
      why: "it has no table loadline.batch that this role may write",
      next: `loadline connections prepare ${name}, or upsert by a unique column`,
    });
  }
  return {
    via: isPrepared ? ("transaction" as const) : ("collections" as const),
    how: isPrepared ? "in transactions" : "in transactions, found by key",
    batchRowsMax: Math.min(batchRows, rowsMax),
    batchBytesMax: bytesMax,
  };
}

/** As the server says it. */
async function explainFilter(
  client: PostgresClient,
  table: (name: string) => Promise<DescribedTable>,
  object: string,
  filter: string,
): Promise<string | undefined> {
  const { quoted } = (await table(object)).table;
  try {
    await client.transact("read", (session) => session.query(`SELECT FROM ${quoted} AS t WHERE (${filter}\n) LIMIT 0`));
    return undefined;
  } catch (error) {
    if (error instanceof StatementFault && !error.transient) return error.message;
    throw error;
  }
}
