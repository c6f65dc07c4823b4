// Parents that the same job loads: `AccountId: { parent: accounts, from: account_no }`. The target resolves the parent by
// its external id, so the field becomes `Account.Vendor_Account_Id__c`; what no parent answers to is rejected by name
// instead of arriving without one.

import type { FieldSchema, ObjectSchema } from "../core/model.ts";
import { identifier, literal } from "../core/sql.ts";
import { foldKey, keysTable, leftBehindTable } from "../diff/keys.ts";
import { type Diagnostic, diagnosticsFailure } from "../job/diagnostics.ts";
import type { Job, MappedField, Stream } from "../job/job.ts";
import type { Target } from "../load/target.ts";
import { scanCsvFiles } from "../stage/csv-scan.ts";
import type { Engine } from "../stage/engine.ts";
import { readParquet } from "../stage/parquet.ts";
import { unitSeparator } from "../validate/rules.ts";
import type { CompiledStream } from "./compile-stream.ts";

/** A stream whose `parent` fields are named as the target resolves them. Throws a Failure (exit 2) where it can't. */
export function nameParents(job: Job, stream: Stream, schema: ObjectSchema): Stream {
  const problems: Diagnostic[] = [];
  const names = new Map<string, string>();
  const fields = stream.fields.map((field): MappedField => {
    if (field.parent === undefined) return field;
    const named = nameParent(job, field, schema);
    if (typeof named !== "string") {
      problems.push({ place: field.targetPlace, length: field.target.length, message: named.problem });
      return field;
    }
    names.set(field.target, named);
    return { ...field, target: named };
  });
  if (problems.length > 0) throw diagnosticsFailure(problems);
  const rules = stream.rules.map((rule) => {
    const named = rule.field === undefined ? undefined : names.get(rule.field);
    return named === undefined ? rule : { ...rule, field: named };
  });
  const named = { ...stream, fields, rules };
  if (stream.dedupe === undefined) return named;
  const by = stream.dedupe.by.map((name) => names.get(name) ?? name);
  return { ...named, dedupe: { ...stream.dedupe, by } };
}

function nameParent(job: Job, field: MappedField, schema: ObjectSchema): string | { problem: string } {
  const parent = job.streams.find(({ name }) => name === field.parent?.stream);
  const described = schema.fields.get(field.target);
  if (parent === undefined || described === undefined)
    return { problem: `${schema.object} has no field ${field.target}` };
  const { object, key } = parent.target;
  if (described.relationshipName === undefined || !described.referenceTo.includes(object)) {
    return {
      problem: `${schema.object}.${field.target} does not refer to ${object}, which stream ${parent.name} loads`,
    };
  }
  if (parent.target.mode === "insert") {
    return { problem: `stream ${parent.name} has mode insert, so its records can't be found by ${key.join(", ")}` };
  }
  const name = `${described.relationshipName}.${key[0] ?? ""}`;
  return described.referenceTo.length > 1 ? `${object}:${name}` : name;
}

export interface OrphanInput {
  engine: Engine;
  job: Job;
  target: Target;
  compiled: CompiledStream;
  stage: string;
  /** Plans of the streams before this one, by name. */
  plans: ReadonlyMap<string, string>;
  folder: string;
  signal: AbortSignal;
}

/** Leaves behind the rows whose parent neither stays in the target nor is created by this run. */
export async function rejectOrphans(input: OrphanInput): Promise<void> {
  for (const { field } of input.compiled.fields) {
    const parent = input.job.streams.find(({ name }) => name === field.parent?.stream);
    const schema = input.compiled.fieldSchemas.get(field.target);
    if (parent !== undefined && schema !== undefined) await rejectOrphansOf(input, parent, schema);
  }
}

async function rejectOrphansOf(input: OrphanInput, parent: Stream, schema: FieldSchema): Promise<void> {
  const { engine, target, compiled, stage } = input;
  const name = identifier(schema.name);
  const folded = foldKey([schema]);
  const plan = input.plans.get(parent.name);
  const planned = (action: string) =>
    plan === undefined
      ? "SELECT NULL AS key LIMIT 0"
      : `SELECT key FROM ${readParquet(plan)} WHERE action = '${action}'`;
  await engine.run(`CREATE OR REPLACE TEMP TABLE parents_wanted AS
    SELECT ${folded} AS key, any_value(${name}) AS shown FROM ${identifier(stage)} SEMI JOIN ${keysTable} USING (_row_)
    WHERE ${name} IS NOT NULL AND ${folded} NOT IN (${planned("create")}) GROUP BY 1`);
  const { count } = await engine.one("SELECT count(*) AS count FROM parents_wanted");
  if (Number(count) === 0) return;
  const [parentKey = ""] = parent.target.key;
  const named = Number(count) <= target.capabilities.namedKeysMax;
  const wanted = "SELECT shown FROM parents_wanted ORDER BY shown";
  const found = await target.snapshot({
    object: parent.target.object,
    fields: [parentKey],
    key: [parentKey],
    ...(named ? { keys: { count: Number(count), read: () => engine.texts(wanted, "shown") } } : {}),
    folder: input.folder,
    name: `${compiled.stream.name}-parents`,
    signal: input.signal,
    onProgress: () => undefined,
  });
  const { idColumn, versionColumn } = target.capabilities;
  const present = scanCsvFiles(found.files, [idColumn, versionColumn, parentKey]);
  const presentKey = foldKey([{ name: parentKey, caseSensitive: schema.caseSensitive }]);
  const said = literal(`${schema.name}${unitSeparator}no ${parent.target.object} has ${parentKey} "`);
  const why = literal(`", and stream ${parent.name} creates none`);
  await engine.run(`INSERT INTO ${leftBehindTable} SELECT s._row_, ${said} || ${name} || ${why}
    FROM ${identifier(stage)} s SEMI JOIN ${keysTable} USING (_row_)
    WHERE ${folded} IN (SELECT key FROM parents_wanted ANTI JOIN (SELECT ${presentKey} AS key FROM ${present} EXCEPT (${planned("delete")})) USING (key))`);
}
