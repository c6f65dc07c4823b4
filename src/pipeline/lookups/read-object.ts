// Records of an object that rows look up. What must hold: only those that are named are read where that takes fewer calls.

import type { FieldSchema } from "../../core/model.ts";
import { identifier } from "../../core/sql.ts";
import { countOf } from "../../report/numbers.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import { storedReading } from "../../values/value.ts";
import { type LookedUpTable, neverAsked } from "../compile/compiled-lookup.ts";
import { foldParts } from "../stage/join-lookups.ts";
import type { FoundRecords, LookupRequest } from "./found-records.ts";

type ObjectTable = Extract<LookedUpTable, { kind: "object" }>;

export async function readObject(request: LookupRequest, table: ObjectTable): Promise<FoundRecords> {
  const { context, compiled, lookup, wanted, folder } = request;
  const { target, object, key, value } = table;
  const { idColumn, versionColumn } = target.capabilities;
  const named = await nameKeys(request, table);
  const fields = [...new Set([...key, ...(value === undefined ? [] : [value])].map(({ name }) => name))].filter(
    (name) => name !== idColumn,
  );
  const { where } = lookup.written;
  const before = target.apiCalls;
  const { count } = await context.engine.one(`SELECT count(*) AS count FROM ${wanted}`);
  const found =
    Number(count) === 0
      ? undefined
      : await target.snapshot({
          object,
          fields,
          ...named,
          ...(where === undefined ? {} : { scope: where.sql }),
          folder,
          name: `${compiled.stream.name}-${lookup.index}-records`,
          signal: context.signal,
          onProgress: () => undefined,
        });
  const calls = target.apiCalls - before;
  const files = [...(found?.files ?? []), ...(found?.aliases ?? [])];
  const stored = (schema: FieldSchema) => {
    const { value: rendered, stored: held } = target.render(schema, identifier(schema.name), "VARCHAR", storedReading);
    return schema.name === idColumn ? identifier(idColumn) : (held ?? rendered);
  };
  const id = identifier(idColumn);
  const parts = key.map((schema, part) => `${stored({ ...schema, isKey: true })} AS ${identifier(`p${part}`)}`);
  const taken = lookup.of === "rule" ? "CAST(NULL AS VARCHAR)" : value === undefined ? id : stored(value);
  const present = `SELECT ${id} AS id, ${taken} AS value, ${parts.join(", ")}
    FROM ${scanCsvFiles(files, [idColumn, versionColumn, ...fields])}`;
  const folded = foldParts(lookup.keys, (part) => identifier(`p${part}`));
  const how = found === undefined ? "nothing to look up" : `${countOf(calls, "call")}: ${found.how}`;
  return {
    select: `SELECT DISTINCT key, id, id AS shown, value FROM (SELECT ${folded} AS key, * FROM (${present}))
      WHERE key IN (SELECT key FROM ${wanted})`,
    from: `${object} (${how})`,
  };
}

/** The key that records are asked for by, and its values; all records where they are too many, or can't be named. */
async function nameKeys({ context, lookup, wanted }: LookupRequest, { target, key }: ObjectTable) {
  const { namedKeysMax, findsByAnyField, idColumn } = target.capabilities;
  const part = choosePart(key);
  const schema = key[part];
  if (schema === undefined) return { key: [idColumn] };
  const asked = `SELECT DISTINCT asked_${part} AS asked FROM ${wanted}
    WHERE asked_${part} <> '' AND NOT starts_with(asked_${part}, ${neverAsked})`;
  const { all, count } = await context.engine.one(`SELECT count(*) AS count,
    (SELECT count(*) FROM ${wanted} WHERE coalesce(asked_${part}, '') = '') AS all FROM (${asked})`);
  // Another part alone tells these.
  const isWhole = Number(all) === 0;
  const isFiltered = lookup.written.where !== undefined && findsByAnyField !== true && !tellsApart(schema);
  if (!isWhole || isFiltered || Number(count) > namedKeysMax) return { key: [schema.name] };
  const read = () => context.engine.texts(`${asked} ORDER BY 1`, "asked");
  return { key: [schema.name], keys: { count: Number(count), read } };
}

/** What tells records apart first, then any that can be asked for as text; -1 where none can. */
function choosePart(key: readonly FieldSchema[]): number {
  const unique = key.findIndex(tellsApart);
  return unique >= 0 ? unique : key.findIndex(isAskable);
}

function tellsApart(field: FieldSchema): boolean {
  return isAskable(field) && (field.unique || field.externalId || field.kind === "id");
}

/** Long texts can't be filtered by; days, times and yes or no are no texts. */
function isAskable({ kind, vendorType, maxLength = 0, readable, comparedBy }: FieldSchema): boolean {
  if (readable !== undefined || comparedBy !== undefined) return false;
  if (kind === "text") return vendorType !== "textarea" || maxLength <= 255;
  return kind === "id" || kind === "reference" || kind === "number" || kind === "integer";
}
