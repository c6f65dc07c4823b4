// The columns of a table as a target has them. In: a table of the schema. Out: an object's schema, and what statements need.
// Must hold: a column in which equal texts may be unequal values can't be written.

import type { FieldKind, FieldSchema, ObjectSchema } from "../../core/model.ts";
import { identifier } from "../../core/sql.ts";
import { fieldOf } from "../kit/field.ts";
import type { DescribedTable } from "../sql/dialect.ts";
import { idColumn } from "../sql/names.ts";
import { isMade, isUnsure } from "../sql/unwritten.ts";
import type { SqliteSession } from "./client.ts";
import {
  findTable,
  keyOf,
  type Parent,
  readChildren,
  readColumns,
  readParents,
  readUniques,
  type SqliteColumn,
  type UniqueIndex,
} from "./tables.ts";
import type { ColumnClass } from "./types.ts";

export interface SqliteDescribed extends DescribedTable {
  /** In the order of the table. */
  columns: ReadonlyMap<string, SqliteColumn>;
  parents: readonly Parent[];
}

export async function describeTable(session: SqliteSession, name: string): Promise<SqliteDescribed> {
  const table = await findTable(session, name);
  const columns = await readColumns(session, table);
  const uniques = await readUniques(session, table);
  const parents = await readParents(session, table);
  const key = keyOf(columns, uniques);
  const own = fieldOf({ name: idColumn, label: "what names a row: its primary key", vendorType: "key", kind: "id" });
  const fields: FieldSchema[] = [{ ...own, createable: false, updateable: false }];
  for (const column of columns) {
    const isNumbered = timeKinds.has(column.kind) && (await holdsNumbers(session, table.quoted, column.name));
    fields.push(fieldOfColumn(column, { columns, uniques, parents, isNumbered }));
  }
  const isNamed = table.isTable && key.length > 0;
  return {
    table,
    schema: {
      object: table.name,
      label: table.label,
      createable: table.isTable,
      updateable: isNamed,
      deletable: isNamed,
      fields: new Map(fields.map((field) => [field.name, field])),
      cascades: await readChildren(session, table),
      ...unableTo(table.kind, key),
    },
    key,
    columns: new Map(columns.map((column) => [column.name, column])),
    parents,
  };
}

function unableTo(kind: string, key: readonly string[]): Pick<ObjectSchema, "unable"> {
  if (kind !== "table") return { unable: `it is a ${kind === "view" ? "view" : "virtual table"}` };
  if (key.length > 0) return {};
  return {
    unable: "it has no primary key of a declared type, and no unique columns that are NOT NULL: nothing names its rows",
  };
}

const timeKinds: ReadonlySet<ColumnClass> = new Set(["date", "datetime", "time"]);

/** Some programs count seconds or days in such columns: a text among them would be no time to them. */
async function holdsNumbers(session: SqliteSession, table: string, name: string): Promise<boolean> {
  const column = identifier(name);
  const sql = `SELECT typeof(${column}) AS type FROM ${table} WHERE ${column} IS NOT NULL LIMIT 1`;
  const [row] = await session.rows(sql);
  return row?.["type"] === "integer" || row?.["type"] === "real";
}

const fieldKinds: Record<ColumnClass, FieldKind> = {
  ...{ integer: "integer", boolean: "boolean", real: "number", numeric: "number" },
  ...{ text: "text", bytes: "text", date: "date", datetime: "datetime", time: "time", any: "text" },
};

const wholeRange = { min: "-9223372036854775808", max: "9223372036854775807" };

interface Surroundings {
  columns: readonly SqliteColumn[];
  uniques: readonly UniqueIndex[];
  parents: readonly Parent[];
  isNumbered: boolean;
}

function fieldOfColumn(column: SqliteColumn, { columns, uniques, parents, isNumbered }: Surroundings): FieldSchema {
  const { name, declared, kind, isRequired, hasDefault, isGenerated, keyPlace } = column;
  const alone = uniques.find((index) => index.columns.length === 1 && index.columns[0] === name);
  const isOnlyKey = keyPlace > 0 && columns.every((other) => other === column || other.keyPlace === 0);
  // The only key of whole numbers is the number of the row, which SQLite gives (https://www.sqlite.org/rowidtable.html).
  const isRowNumber = isOnlyKey && declared.toUpperCase() === "INTEGER";
  // In a column without a type, and in ANY of a strict table, 1 and '1' are two values.
  const isLoose = declared === "" || declared.toUpperCase() === "ANY";
  const readOnly = isGenerated ? isMade : refusalOf(declared, { kind, isLoose, isNumbered });
  const isWritten = readOnly === undefined;
  // A key of a collation that takes other texts for equal has no such index.
  const isUnique = (alone !== undefined || isRowNumber) && isWritten;
  return fieldOf({
    name,
    vendorType: declared === "" ? "no type" : declared.toUpperCase(),
    kind: fieldKinds[kind],
    createable: isWritten,
    updateable: isWritten,
    ...(readOnly === undefined ? {} : { readOnly }),
    nillable: !isRequired && !isOnlyKey,
    defaultedOnCreate: hasDefault || isRowNumber,
    externalId: isUnique,
    unique: isUnique,
    caseSensitive: alone?.isCaseless !== true,
    referenceTo: parents.filter(({ columns: own }) => own.includes(name)).map(({ table }) => table),
    ...(kind === "integer" ? { range: wholeRange } : {}),
  });
}

function refusalOf(
  declared: string,
  { kind, isLoose, isNumbered }: { kind: ColumnClass; isLoose: boolean; isNumbered: boolean },
): FieldSchema["readOnly"] {
  if (isLoose) return { why: "has no type, so that 1 and '1' are two values in it", next: "declare it: TEXT, say" };
  if (isNumbered) {
    return { why: "holds times as numbers, beside which a text would be none", next: "a column of times as text" };
  }
  return kind === "bytes" ? isUnsure(`of type ${declared}`) : undefined;
}
