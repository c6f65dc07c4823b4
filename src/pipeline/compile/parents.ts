// Parents that the same job loads: `AccountId: { parent: accounts, from: account_no }`. The target resolves the parent by
// its external id, so the field becomes `Account.Vendor_Account_Id__c`. That they are there: lookups.ts.

import type { FieldSchema, ObjectSchema } from "../../core/model.ts";
import { type Diagnostic, diagnosticsFailure } from "../../job/diagnostics.ts";
import type { Job, MappedField, Stream } from "../../job/job.ts";

/** A stream whose `parent` fields are named as the target resolves them. Throws a Failure (exit 2) where it can't. */
export function nameParents(job: Job, stream: Stream, schema: ObjectSchema): Stream {
  const problems: Diagnostic[] = [];
  const names = new Map<string, string>();
  const fields = stream.fields.map((field): MappedField => {
    // Named already, before the locks were taken.
    if (field.parent === undefined || field.target.includes(".") || field.lookup !== undefined) return field;
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
  const key = stream.target.key.map((name) => names.get(name) ?? name);
  const named = { ...stream, fields, rules, target: { ...stream.target, key } };
  if (stream.dedupe === undefined) return named;
  const { by, merge, ...dedupe } = stream.dedupe;
  const merged = Object.entries(merge ?? {}).map(([name, rule]) => [names.get(name) ?? name, rule] as const);
  return {
    ...named,
    dedupe: {
      ...dedupe,
      by: by.map((name) => names.get(name) ?? name),
      ...(merge === undefined ? {} : { merge: Object.fromEntries(merged) }),
    },
  };
}

/** Whether a field names records of the stream's own object by the key that it loads. */
export function isOwnLink({ lookup }: FieldSchema, object: string, key: readonly string[]): boolean {
  return lookup?.object.toLowerCase() === object.toLowerCase() && key.length === 1 && lookup.key === key[0];
}

function nameParent(job: Job, field: MappedField, schema: ObjectSchema): string | { problem: string } {
  const parent = job.streams.find(({ name }) => name === field.parent?.stream);
  const described = schema.fields.get(field.target);
  if (parent === undefined || described === undefined)
    return { problem: `${schema.object} has no field ${field.target}` };
  const { key } = parent.target;
  // A vendor may take the name in any case.
  const object = described.referenceTo.find((name) => name.toLowerCase() === parent.target.object.toLowerCase());
  if (described.relationshipName === undefined || object === undefined) {
    const message = `${schema.object}.${field.target} does not refer to ${parent.target.object}, which stream ${parent.name} loads`;
    return { problem: message };
  }
  if (key.length > 1) {
    const message = `stream ${parent.name} knows its records by ${key.join(" and ")}: \`from\` wants a list with an expression for each`;
    return { problem: message };
  }
  if (parent.target.mode === "insert") {
    return { problem: `stream ${parent.name} has mode insert, so its records can't be found by ${key.join(", ")}` };
  }
  const name = `${described.relationshipName}.${key[0] ?? ""}`;
  return described.referenceTo.length > 1 ? `${object}:${name}` : name;
}
