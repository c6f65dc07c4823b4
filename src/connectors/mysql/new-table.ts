// A table as a job's map would have it. In: columns with the engine's types. Out: statements, and the table as they would make
// it. Must hold: every value of a type has room in its column, or costs its row by name; what has none is refused by name;
// nothing is made to find that out, for the server takes no such statement back.

import type { NewTable } from "../../contract/describe.ts";
import { usageFailure } from "../../core/errors.ts";
import type { Row } from "../sql/dialect.ts";
import { type MysqlTable, tableOf } from "./fields.ts";
import { quoteName, readTableName, showTableName } from "./names.ts";
import type { MysqlSession } from "./session.ts";
import type { CatalogTable } from "./tables.ts";

const collation = "utf8mb4_bin";
/** What an index takes, in characters of four bytes. */
const keyLength = 255;

/** Types with what the catalogue says of them. An instant is one of the years 1970 to 2038 here. */
const types: Record<string, readonly [shown: string, more?: Row]> = {
  ...{ BOOLEAN: ["tinyint(1)"], DATE: ["date"], TIME: ["time(6)", { digits: "6" }] },
  ...{ VARCHAR: ["longtext"], UUID: ["longtext"], JSON: ["longtext"] },
  ...{ TINYINT: ["smallint"], UTINYINT: ["smallint"], SMALLINT: ["smallint"], USMALLINT: ["int"], INTEGER: ["int"] },
  ...{ UINTEGER: ["bigint"], BIGINT: ["bigint"], UBIGINT: ["bigint unsigned"], FLOAT: ["double"], DOUBLE: ["double"] },
  ...{
    HUGEINT: ["decimal(39,0)", { precision: "39", scale: "0" }],
    UHUGEINT: ["decimal(39,0)", { precision: "39", scale: "0" }],
  },
  "TIMESTAMP WITH TIME ZONE": ["timestamp(6)", { digits: "6" }],
  // A local time stays one.
  ...{ TIMESTAMP: ["datetime(6)", { digits: "6" }], TIMESTAMP_S: ["datetime(6)", { digits: "6" }] },
  ...{ TIMESTAMP_MS: ["datetime(6)", { digits: "6" }] },
};

/** As the catalogue would have it. */
function columnRow({ name, type, place }: NewTable["columns"][number], isKey: boolean): Row {
  const [, precision, scale] = /^DECIMAL\((\d+),\s*(\d+)\)$/.exec(type) ?? [];
  const decimal =
    precision === undefined || scale === undefined
      ? undefined
      : ([`decimal(${precision},${scale})`, { precision, scale }] as const);
  const found = decimal ?? types[type.startsWith("ENUM") ? "VARCHAR" : type];
  if (found === undefined) {
    throw usageFailure(`create_table has no type for ${name}, whose expression gives ${type}`, {
      where: place,
      next: "cast it: to VARCHAR, say",
    });
  }
  const [own, more = {}] = found;
  const isText = own === "longtext";
  const shown = isText && isKey ? `varchar(${keyLength})` : own;
  return {
    ...{ name, shown, type: /^\w+/.exec(shown)?.[0] ?? shown, nullable: isKey ? "NO" : "YES" },
    ...{ initial: "", extra: "", label: "", rights: "select,insert,update" },
    ...(isText ? { characterSet: "utf8mb4", collation, length: String(keyLength) } : {}),
    ...more,
  };
}

/** Of a table of versions. */
function timeRow(name: string, nullable: "NO" | "YES"): Row {
  const [shown, more] = types["TIMESTAMP WITH TIME ZONE"] ?? [];
  const own = { name, shown: shown ?? "", type: "timestamp", nullable, extra: "", label: "", ...more };
  return { ...own, initial: nullable === "NO" ? "default" : "", rights: "select,insert,update" };
}

/** A time is not kept up by the server, as the first one of a table may be where nothing is said. */
function definitionOf({ name, shown, nullable, initial }: Row): string {
  const filled = initial === "default" ? " DEFAULT CURRENT_TIMESTAMP(6)" : "";
  return `${quoteName(name ?? "")} ${shown} ${nullable === "NO" ? "NOT NULL" : "NULL"}${filled}`;
}

async function partsOf(session: MysqlSession, written: string): Promise<{ schema: string; relation: string }> {
  const read = readTableName(written);
  if (read === undefined) throw usageFailure(`"${written}" is no name of a table`, { next: "e.g. crm.contacts" });
  const [own] = await session.rows("SELECT DATABASE() AS `schema`");
  return { schema: read.schema ?? own?.["schema"] ?? "", relation: read.table };
}

export async function nameNew(session: MysqlSession, written: string): Promise<string> {
  const { schema, relation } = await partsOf(session, written);
  return showTableName(schema, relation);
}

export async function planTable(
  session: MysqlSession,
  { object, columns, key, versions }: NewTable,
  present: MysqlTable | undefined,
): Promise<{ table: MysqlTable; statements: string[] }> {
  const mapped = columns.map((column) => columnRow(column, key.includes(column.name)));
  if (present !== undefined) {
    const added = tableOf(present.table, mapped, { indexes: [] });
    const planned = [...added.columns].map(
      ([name, column]) => [name, { ...column, isPlanned: true as const }] as const,
    );
    const fields = [...added.schema.fields].filter(([name]) => added.columns.has(name));
    return {
      table: {
        ...present,
        schema: { ...present.schema, fields: new Map([...present.schema.fields, ...fields]) },
        columns: new Map([...present.columns, ...planned]),
      },
      statements: [
        `ALTER TABLE ${present.table.quoted} ${mapped.map((row) => `ADD COLUMN ${definitionOf(row)}`).join(", ")}`,
      ],
    };
  }
  const parts = await partsOf(session, object);
  const quoted = `${quoteName(parts.schema)}.${quoteName(parts.relation)}`;
  const name = showTableName(parts.schema, parts.relation);
  const all = { isReadable: true, isCreateable: true, isUpdateable: true, isDeletable: true, isTable: true };
  const table: CatalogTable = { ...parts, ...all, name, quoted, label: name, engine: "InnoDB" };
  const rows = versions === undefined ? mapped : [...mapped, timeRow(versions.from, "NO"), timeRow(versions.to, "YES")];
  const named = versions === undefined ? key : [...key, versions.from];
  const primary = named.length === 0 ? [] : [`PRIMARY KEY (${named.map(quoteName).join(", ")})`];
  const indexes = named.length === 0 ? [] : [{ name: "PRIMARY", columns: [...named], isNullable: false }];
  const statement = `CREATE TABLE IF NOT EXISTS ${quoted} (${[...rows.map(definitionOf), ...primary].join(", ")}) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE ${collation}`;
  return { table: { ...tableOf(table, rows, { indexes }), isNew: true }, statements: [statement] };
}
