// A database as a target. In: mapped rows. Out: rows that are written, each with its answer. Must hold: where the database
// remembers marks, a batch and its mark are one transaction; where it does not, nothing is written that a second call would
// double.

import type { Target, TargetCapabilities } from "../../contract/target.ts";
import type { Values } from "../../contract/values.ts";
import type { WayRequest } from "../../contract/ways.ts";
import type { RowError } from "../../contract/write.ts";
import { type Failure, type Place, usageFailure } from "../../core/errors.ts";
import { CallFault } from "../../http/outcome.ts";
import { historyColumns } from "../../job/mode.ts";
import { withAccount } from "../kit/account.ts";
import { clearCell } from "./cells.ts";
import type {
  DescribedTable,
  NewTableDialect,
  PresentDialect,
  ReadDialect,
  SqlClient,
  SqlSession,
  TableRow,
  WriteDialect,
} from "./dialect.ts";
import { idColumn, versionColumn } from "./names.ts";
import { openNewTables } from "./new-tables.ts";
import { readPresent } from "./present.ts";
import { resultColumns } from "./results.ts";
import { markedWrites, repeatableWrites } from "./write.ts";

const rowsMax = 10_000;
const bytesMax = 32 << 20;
/** As the times of runs have. */
const versionDigitsMin = 3;

/** What a target wants of a system beside what its source does. */
export interface TargetDialect<Session extends SqlSession, Table extends DescribedTable>
  extends ReadDialect<Session>,
    WriteDialect<Session, Table>,
    PresentDialect<Session, Table> {
  /** What remembers marks, as people know it: loadline.batch. */
  markTable: string;
  newTables?: NewTableDialect<Session, Table>;
  listTables(session: Session): Promise<TableRow[]>;
  describe(session: Session, name: string): Promise<Table>;
  render: Values["render"];
}

const ofEach: TargetCapabilities = {
  batchesInFlight: 1,
  clearCell,
  idColumn,
  versionColumn,
  untimedVersions: true,
  results: resultColumns,
  modes: ["insert", "update", "upsert", "delete", "mirror"],
  namedKeysMax: 50_000,
  findsByAnyField: true,
};

/** `isPrepared`: the database remembers marks, and the user may write them. */
export function openSqlTarget<Session extends SqlSession, Table extends DescribedTable>(
  client: SqlClient<Session> & Pick<Target, "readIdentity">,
  dialect: TargetDialect<Session, Table>,
  isPrepared: boolean,
): Target {
  const described = new Map<string, Promise<Table>>();
  const describe = (name: string) =>
    client.explain(`describing ${name}`, () =>
      client.transact("read", async (session) => {
        const found = await dialect.describe(session, name);
        const types = await dialect.columnTypes?.(session, found);
        return types === undefined ? found : { ...found, types };
      }),
    );
  const table = (name: string) => {
    const known = described.get(name) ?? describe(name);
    described.set(name, known);
    return known;
  };
  const tables =
    dialect.newTables === undefined ? undefined : openNewTables(client, dialect.newTables, { described, describe });
  const { readIdentity } = client;
  const { replacement, versionDigits } = dialect;
  const modes = [
    ...ofEach.modes,
    ...(versionDigits !== undefined ? (["history"] as const) : []),
    ...(replacement === undefined ? [] : (["replace"] as const)),
  ];
  return withAccount(client, {
    capabilities: { ...ofEach, modes, ...(isPrepared ? {} : { caution: cautionOf(client, dialect) }) },
    writes: isPrepared
      ? { transaction: markedWrites(client, dialect, table) }
      : { calls: repeatableWrites(client, dialect, table) },
    listObjects: () =>
      client.explain("listing tables", async () => {
        const tables = await client.transact("read", (session) => dialect.listTables(session));
        return tables.map(({ name, label, schema, isReadable, isCreateable, isUpdateable, isDeletable }) => ({
          ...{ name, label, ...(schema === undefined ? {} : { schema }) },
          ...{ createable: isCreateable, updateable: isUpdateable, deletable: isDeletable },
          ...{ queryable: isReadable, custom: false },
        }));
      }),
    async describe(name) {
      const { schema, key } = await table(name);
      return { ...schema, key };
    },
    ...(tables === undefined ? {} : { tables }),
    ...(readIdentity === undefined
      ? {}
      : { readIdentity: () => client.explain("asking who is signed in", () => readIdentity.call(client)) }),
    canonicalName: async (name) => (await table(name)).table.name,
    resolveField: async ({ fields }, name) => fields.get(name),
    explainName: async () => undefined,
    explainFilter: async (object, filter) => explainFilter(client, dialect, (await table(object)).table, filter),
    async refuseDemands({ object, mode, hardDelete, assignmentRule, place }) {
      if (hardDelete || assignmentRule !== undefined)
        throw usageFailure("a database has neither hard_delete nor assignment_rule", { where: place });
      if (mode === "insert" && !isPrepared) throw forgetful(client, dialect, place);
      if (mode === "history" && versionDigits !== undefined) refuseCoarse(await table(object), versionDigits, place);
      if (mode !== "replace" || replacement === undefined) return;
      const replaced = await table(object);
      if (replaced.isNew === true) return;
      await client.explain(`looking at ${object}`, () =>
        client.transact("read", (session) => replacement.refuse(session, replaced, place)),
      );
    },
    render: dialect.render,
    clearedValue: () => "CAST(NULL AS VARCHAR)",
    snapshot: (request) =>
      client.explain(`reading ${request.object}`, async () =>
        readPresent(client, dialect, await table(request.object), {
          ...request,
          ...(request.holding === undefined
            ? {}
            : { held: { by: request.holding.by, table: await table(request.holding.object) } }),
        }),
      ),
    countRecords: (object) =>
      client.explain(`counting the rows of ${object}`, async () => {
        const {
          isNew,
          table: { quoted },
        } = await table(object);
        if (isNew === true) return 0;
        const [row] = await client.transact("read", (session) =>
          session.rows(`SELECT count(*) AS ${dialect.quoteName("n")} FROM ${quoted}`),
        );
        return Number(row?.["n"]);
      }),
    ...(replacement === undefined
      ? {}
      : {
          markContent: (object) =>
            client.explain(`looking at what is in ${object}`, async () => {
              const found = await table(object);
              if (found.isNew === true) return "";
              return client.transact("read", (session) => replacement.content(session, found, false));
            }),
        }),
    forecastReads: () => 0,
    chooseWay: (request) => chooseWay(client, dialect, request, isPrepared),
    forecastCalls: () => 0,
    readError: (text) => JSON.parse(text) as RowError,
  });
}

/** Versions of two runs could begin at one time, which is not theirs. Throws a Failure (2). */
function refuseCoarse(
  { schema, table }: DescribedTable,
  digitsOf: NonNullable<WriteDialect<SqlSession, DescribedTable>["versionDigits"]>,
  where: Place,
): void {
  for (const name of Object.values(historyColumns)) {
    const field = schema.fields.get(name);
    if (field?.kind !== "datetime" || digitsOf(field) >= versionDigitsMin) continue;
    throw usageFailure(`${table.name}.${name} is a ${field.vendorType}, which holds no thousandths of a second`, {
      where,
      why: "mode history tells versions apart by them",
      next: `a column of 3 digits of a second or more: ${field.vendorType.replace(/[(].*?[)]/, "").replace(/^\w+/, "$&(6)")}`,
    });
  }
}

function chooseWay(
  { name }: Pick<SqlClient<SqlSession>, "name">,
  { markTable, replacement }: { markTable: string; replacement?: { how: string } },
  { operation, batchRows = rowsMax }: WayRequest,
  isPrepared: boolean,
) {
  if (operation === "insert" && !isPrepared) {
    throw forgetful({ name }, { markTable });
  }
  return {
    via: isPrepared ? ("transaction" as const) : ("collections" as const),
    how:
      operation === "replace"
        ? (replacement?.how ?? "")
        : isPrepared
          ? "in transactions"
          : "in transactions, found by key",
    batchRowsMax: Math.min(batchRows, rowsMax),
    batchBytesMax: bytesMax,
  };
}

function cautionOf(
  { name }: Pick<SqlClient<SqlSession>, "name">,
  { markTable }: Pick<TargetDialect<SqlSession, DescribedTable>, "markTable">,
): string {
  return `${name} has no table ${markTable} that this user may write: a batch whose answer is lost is written again, found by key; loadline connections prepare ${name} makes it`;
}

function forgetful(
  { name }: Pick<SqlClient<SqlSession>, "name">,
  { markTable }: Pick<TargetDialect<SqlSession, DescribedTable>, "markTable">,
  where?: Place,
): Failure {
  return usageFailure(`${name} does not remember what was inserted: a second try would double rows`, {
    ...(where === undefined ? {} : { where }),
    why: `it has no table ${markTable} that this user may write`,
    next: `loadline connections prepare ${name}, or upsert by a unique column`,
  });
}

/** As the server says it. */
async function explainFilter<Session extends SqlSession>(
  client: SqlClient<Session>,
  dialect: Pick<ReadDialect<Session>, "selectedColumns">,
  { quoted }: TableRow,
  filter: string,
): Promise<string | undefined> {
  const select = `SELECT * FROM ${quoted} t WHERE (${filter}\n)`;
  try {
    await client.transact("read", (session) => dialect.selectedColumns(session, select));
    return undefined;
  } catch (error) {
    if (error instanceof CallFault && !error.transient) return error.message;
    throw error;
  }
}
