// Cases that share keys, in one plan: each row and record is marked by its case, and the mark is a part of the key. In: a
// stream, a target. Out: the same with the mark; and what came of it without. Must hold: a plan with marks says what one
// plan for each case would say, in a hundredth of the time; where marks could change that, there are none.

import { fieldOf } from "../../../connectors/kit/field.ts";
import type { RecordCatalog } from "../../../contract/records.ts";
import type { Target } from "../../../contract/target.ts";
import type { FieldSchema } from "../../../core/model.ts";
import type { Problem } from "../../../core/problem.ts";
import type { MappedField, Stream } from "../../../job/job.ts";
import { type Lookup, lookupsOf } from "../../../job/lookup.ts";
import { followsSource } from "../../../job/mode.ts";
import type { GivenRow, TestCase } from "../../../job/test-case.ts";
import { isBlank } from "../../../values/trim.ts";
import type { CompiledStream } from "../../compile/compiled-stream.ts";
import { isOwnLink } from "../../compile/parents.ts";
import type { CaseResult } from "./case-results.ts";
import type { PlacedRecord } from "./given-target.ts";

/** A column of the source and a field of the target. */
const markName = "loadline_case";

/**
 * Rows that name rows of their own stream, or find records by more than the key, do so whatever the mark. A record that is
 * made for rows is one for all of them, and an `exists` of several fields can't be asked of merged rows.
 */
export function isMarkable({ stream, schema, fieldSchemas }: CompiledStream): boolean {
  const { key, mode, adoptBy } = stream.target;
  const isTree = [...fieldSchemas.values()].some((field) => isOwnLink(field, schema.object, key));
  const makes = lookupsOf(stream).some(({ maker }) => maker !== undefined);
  const isAsked = stream.dedupe?.merge !== undefined && stream.rules.some(({ exists }) => exists !== undefined);
  return key.length > 0 && !followsSource(mode) && adoptBy === undefined && !isTree && !makes && !isAsked;
}

export function markStream(stream: Stream): Stream {
  const { place } = stream.target;
  const mark: MappedField = {
    target: markName,
    expression: { sql: markName, place },
    onNull: "skip",
    policy: "overwrite",
    targetPlace: place,
  };
  return {
    ...stream,
    target: { ...stream.target, key: [...stream.target.key, markName] },
    fields: [
      ...stream.fields.map((field) =>
        field.lookup === undefined ? field : { ...field, lookup: markLookup(field.lookup) },
      ),
      mark,
    ],
    rules: stream.rules.map((rule) =>
      rule.exists === undefined ? rule : { ...rule, exists: markLookup(rule.exists) },
    ),
    ...(stream.dedupe === undefined ? {} : { dedupe: { ...stream.dedupe, by: [...stream.dedupe.by, markName] } }),
  };
}

/** It finds records of its own case alone. A row that looks nothing up still does not. */
function markLookup(lookup: Lookup): Lookup {
  if (lookup.in.kind !== "object") return lookup;
  const { key, from, place } = lookup;
  const isNothing = from.map(({ sql }) => isBlank(`CAST((${sql}\n) AS VARCHAR)`)).join(" AND ");
  const mark = { sql: `CASE WHEN ${isNothing} THEN NULL ELSE ${markName} END`, place };
  return { ...lookup, key: [...key, { name: markName, place }], from: [...from, mark] };
}

export function markTarget(target: Target): Target {
  const field: FieldSchema = fieldOf({ name: markName, vendorType: "text", externalId: true, caseSensitive: true });
  return Object.assign(Object.create(target) as Target, {
    // A lookup goes by the fields that an object has.
    describe: async (object: string) => {
      const schema = await target.describe(object);
      return { ...schema, fields: new Map([...schema.fields, [markName, field]]) };
    },
    resolveField: async (schema: Parameters<Target["resolveField"]>[0], name: string) =>
      name === markName ? field : target.resolveField(schema, name),
  });
}

export function markCases(cases: readonly TestCase[]): Map<TestCase, TestCase> {
  return new Map(cases.map((of) => [of, { ...of, given: of.given.map((row) => markRow(row, of)) }]));
}

export function markRecord(record: PlacedRecord): PlacedRecord {
  return { ...record, given: markRow(record.given, record.of) };
}

function markRow(row: GivenRow, { index }: TestCase): GivenRow {
  return { ...row, cells: new Map([...row.cells, [markName, `${markName}-${index}`]]) };
}

export function withoutMark(result: CaseResult, of: TestCase, compiled: CompiledStream): CaseResult {
  const rows = result.rows.map((row) => ({
    ...row,
    values: new Map([...row.values].filter(([name]) => name !== markName)),
    rejects: row.rejects.map(unmarkProblem),
    warnings: row.warnings.map(unmarkProblem),
    ...(row.change === undefined
      ? {}
      : {
          change: {
            ...row.change,
            key: row.change.key === null ? null : unmark(row.change.key),
            fields: row.change.fields.filter(({ field }) => field !== markName),
          },
        }),
  }));
  return { ...result, of, compiled, rows };
}

function unmarkProblem({ field, rule, message }: Problem): Problem {
  return { field: unmark(field), rule, message: unmark(message) };
}

function unmark(text: string): string {
  const lookedUp = new RegExp(` and ${markName} (?:"[^"]*"|\\(hidden\\))`, "g");
  return text.replaceAll(lookedUp, "").replaceAll(new RegExp(`, ${markName}(-\\d+)?`, "g"), "");
}

/** Records that know of which case they are. */
export function markCatalog(catalog: RecordCatalog): RecordCatalog {
  return Object.assign(Object.create(catalog) as RecordCatalog, {
    describe: async (source: Parameters<RecordCatalog["describe"]>[0]) => {
      const schema = await catalog.describe(source);
      return { ...schema, columns: new Map([...schema.columns, [markName, "VARCHAR"]]) };
    },
  });
}
