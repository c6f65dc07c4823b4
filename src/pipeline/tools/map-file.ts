// A first job that loads columns, of a file or of a table, into an object. In: what is known of the columns, the object as it is
// described. Out: a map with the doubts beside each line, the key that records are known by, and fields that are to be made
// for it. Must hold: what is not known is said at its line; the job passes check wherever the object's fields are those of
// the sandbox.

import type { NewField, StarterRecords } from "../../contract/starter.ts";
import { type FieldSchema, isRequired, type ObjectSchema } from "../../core/model.ts";
import { literal } from "../../core/sql.ts";
import { nameInSql } from "../../transform/quoted-names.ts";
import { looksLikeKey, meaningOf } from "./column-words.ts";
import type { FileSample } from "./guess-job.ts";
import { type KnownColumns, type MatchedColumn, type MatchedColumns, matchColumns } from "./match-columns.ts";

export interface MapLine {
  target: string;
  sql: string;
  doubts: string[];
}

export interface ColumnMap {
  map: MapLine[];
  mode: "upsert" | "insert";
  key: string[];
  keyDoubts: string[];
  /** Made for the key. */
  newField?: NewField;
  /** Mapped fields of the object. */
  fields: FieldSchema[];
  /** Columns without a field. */
  unmatched: MatchedColumns["unmatched"];
}

const keyLengthMin = 40;

export function columnsOfFile({ samples, rows }: FileSample): KnownColumns {
  return {
    samples,
    isUnique(column) {
      const values = (samples.get(column) ?? []).map((value) => value.trim().toLowerCase());
      return rows > 0 && values.length === rows && !values.includes("") && new Set(values).size === rows;
    },
  };
}

/** `newKey`: where a field may be made for the key. */
export function mapColumns(known: KnownColumns, schema: ObjectSchema, newKey?: StarterRecords["newKey"]): ColumnMap {
  const { matched, unmatched } = matchColumns(known, schema);
  const lines = matched.map(({ field, sql, doubts }): MapLine => ({ target: field.name, sql, doubts: [...doubts] }));
  const left = [...unmatched];
  const names = splitName(left, schema, lines);
  if (names !== undefined) left.splice(left.indexOf(names), 1);
  const keyed = chooseKey(matched, left, known, newKey);
  if (keyed.made !== undefined) {
    left.splice(
      left.findIndex(({ column }) => column === keyed.column),
      1,
    );
    lines.unshift({ target: keyed.made.name, sql: `trim(${nameInSql(keyed.column)})`, doubts: [] });
  }
  const mapped = new Set(lines.map(({ target }) => target));
  lines.push(...fillRequired(schema, mapped));
  return {
    map: lines,
    mode: keyed.mode,
    key: keyed.mode === "insert" && keyed.key.length === 0 ? lines.map(({ target }) => target) : keyed.key,
    keyDoubts: keyed.doubts,
    ...(keyed.made === undefined ? {} : { newField: keyed.made }),
    fields: [...schema.fields.values()].filter(({ name }) => lines.some(({ target }) => target === name)),
    unmatched: left,
  };
}

/** A column of whole names, where the object has first and last names. */
function splitName(
  unmatched: MatchedColumns["unmatched"],
  { fields }: ObjectSchema,
  lines: MapLine[],
): MatchedColumns["unmatched"][number] | undefined {
  const named = (meaning: string) =>
    [...fields.values()].find((field) => meaningOf(field.name) === meaning && field.createable);
  const [first, last] = [named("firstname"), named("lastname")];
  const whole = unmatched.find(({ column }) => meaningOf(column) === "fullname");
  if (first === undefined || last === undefined || whole === undefined) return undefined;
  if (lines.some(({ target }) => target === last.name || target === first.name)) return undefined;
  const name = `trim(${nameInSql(whole.column)})`;
  const doubts = [`${whole.column} is cut at its last blank: Anna Maria van Dyk becomes Anna Maria van and Dyk`];
  lines.push(
    { target: first.name, sql: `regexp_extract(${name}, '^(.*)\\s+\\S+$', 1)`, doubts },
    { target: last.name, sql: `regexp_extract(${name}, '(\\S+)$', 1)`, doubts: [] },
  );
  return whole;
}

type ChosenKey = { key: string[]; doubts: string[] } & (
  | { mode: "upsert" | "insert"; made?: undefined }
  | { mode: "upsert"; made: NewField; column: string }
);

function chooseKey(
  matched: readonly MatchedColumn[],
  left: MatchedColumns["unmatched"],
  { isUnique, samples }: KnownColumns,
  newKey: StarterRecords["newKey"] | undefined,
): ChosenKey {
  const usable = matched.filter(({ column, field }) => field.externalId && isUnique(column));
  const sure = usable.find(({ field }) => field.unique);
  if (sure !== undefined) return { mode: "upsert", key: [sure.field.name], doubts: [] };
  const keyColumn = left.find(({ column }) => looksLikeKey(column) && isUnique(column))?.column;
  if (keyColumn !== undefined && newKey !== undefined) {
    const longest = Math.max(...(samples.get(keyColumn) ?? []).map((value) => value.trim().length));
    const made = newKey(keyColumn, Math.max(keyLengthMin, longest));
    const doubts = [`the field ${made.name} must be made first: ${made.advice}`];
    return { mode: "upsert", key: [made.name], doubts, made, column: keyColumn };
  }
  const [loose] = usable;
  if (loose !== undefined) {
    const name = loose.field.name;
    return { mode: "upsert", key: [name], doubts: [`two records may have one ${name}: such rows are conflicts`] };
  }
  const doubts = ["no column tells the rows apart that the target knows: each run of a new file makes new records"];
  const unique = matched.find(({ column }) => isUnique(column));
  return { mode: "insert", key: unique === undefined ? [] : [unique.field.name], doubts };
}

/** Fields that a new record must have and no column is for. */
function fillRequired({ fields, object }: ObjectSchema, mapped: ReadonlySet<string>): MapLine[] {
  return [...fields.values()]
    .filter((field) => isRequired(field) && !mapped.has(field.name))
    .map((field) => {
      const value = placeholderFor(field);
      const doubt = `no column for ${field.name}, which a new ${object} must have: all get ${value}`;
      return { target: field.name, sql: value, doubts: [doubt] };
    });
}

function placeholderFor({ kind, picklist }: FieldSchema): string {
  if (picklist?.values[0] !== undefined) return literal(picklist.values[0]);
  if (kind === "number" || kind === "integer") return "0";
  if (kind === "boolean") return "false";
  if (kind === "date" || kind === "datetime") return "today()";
  return "'unknown'";
}
