// What a database file of DuckDB's says of itself, as a target that takes nothing. In: names of tables. Out: their columns.
// Must hold: whoever would load it is told why that can't be.

import type { Target } from "../../contract/target.ts";
import { usageFailure } from "../../core/errors.ts";
import type { ObjectSchema } from "../../core/model.ts";
import { writtenText } from "../../values/text.ts";
import { withAccount } from "../kit/account.ts";
import { fieldOf } from "../kit/field.ts";
import { clearCell } from "../sql/cells.ts";
import { idColumn, versionColumn } from "../sql/names.ts";
import { resultColumns } from "../sql/results.ts";
import type { DuckdbClient, DuckdbSession } from "./client.ts";
import { findTable, listTables, tableKey } from "./tables.ts";

const unable = "loadline reads files of DuckDB and does not write them";

export function openDescriber(client: DuckdbClient): Target {
  const ask = <T>(doing: string, act: (session: DuckdbSession) => Promise<T>) =>
    client.explain(doing, () => client.transact("read", act));
  return withAccount(client, {
    capabilities: {
      ...{ batchesInFlight: 1, clearCell, idColumn, versionColumn, results: resultColumns },
      ...{ modes: [], namedKeysMax: 0 },
    },
    writes: {},
    listObjects: async () => {
      const tables = await ask("listing tables", listTables);
      const can = { createable: false, updateable: false, deletable: false, queryable: true, custom: false };
      return tables.map(({ name, schema }) => ({ name, schema, label: name, ...can }));
    },
    describe: (object) => ask(`describing ${object}`, (session) => describeTable(session, object)),
    readIdentity: () => client.explain("asking what it is", () => client.readIdentity()),
    resolveField: async ({ fields }, name) => fields.get(name),
    explainName: async () => undefined,
    refuseDemands: ({ place }) => Promise.reject(usageFailure(unable, { where: place })),
    render: (_field, value, type) => ({ value: writtenText(value, type), typed: value }),
    clearedValue: () => "CAST(NULL AS VARCHAR)",
    snapshot: () => Promise.reject(usageFailure(unable)),
    forecastReads: () => 0,
    chooseWay: () => {
      throw usageFailure(unable);
    },
    forecastCalls: () => 0,
    readError: (text) => ({ code: "", message: text, fields: [] }),
  });
}

async function describeTable(session: DuckdbSession, written: string): Promise<ObjectSchema> {
  const table = await findTable(session, written);
  const key = await tableKey(session, table);
  const columns = await session.describe(`SELECT * FROM ${table.quoted} LIMIT 0`);
  const fields = columns.map(({ name, type }) => {
    const isKey = key.length === 1 && key[0] === name;
    const only = { createable: false, updateable: false, caseSensitive: true };
    return fieldOf({ name, vendorType: type, ...only, unique: isKey, externalId: isKey });
  });
  return {
    object: table.name,
    label: table.name,
    ...{ createable: false, updateable: false, deletable: false, unable },
    fields: new Map(fields.map((field) => [field.name, field])),
    key,
  };
}
