// What is compared with what, and how: a stream's fields as SQL of present and mapped values.

import { mappedName } from "../../core/columns.ts";
import { type Wholeness, whole } from "../../core/wholeness.ts";
import { keysTable } from "../../diff/keys.ts";
import type { ComparedField, CompareInput } from "../../diff/match.ts";
import { followsSource } from "../../job/mode.ts";
import { isAbsent } from "../../transform/mapping.ts";
import { equalityOf } from "../../values/equality.ts";
import { storedReading } from "../../values/value.ts";
import { type CompiledStream, matchingFields } from "../compile/compiled-stream.ts";
import { absentColumns } from "../stage/stage-part.ts";
import type { StagedStream } from "../stage/staged-stream.ts";
import { selectDeletable } from "./delete-candidates.ts";
import { type DiffInput, isNamedByText, keyField, type PresentRecords } from "./diff-input.ts";
import { selectKnown } from "./inserted.ts";
import { keyOfLookup } from "./lookups.ts";
import { readField } from "./read-present.ts";
import { limitsOf } from "./refuse-writes.ts";

export async function prepareCompare(
  input: DiffInput,
  present: PresentRecords | undefined,
  wholeness: Wholeness,
): Promise<CompareInput> {
  const { compiled, staged, target } = input;
  const { mode } = compiled.stream.target;
  const { idColumn, versionColumn } = target.capabilities;
  // Whether they may be deleted is another question than whether they are only there.
  const deletable =
    input.reconcile !== undefined
      ? await selectDeletable(input, whole)
      : followsSource(mode)
        ? await selectDeletable(input, wholeness)
        : undefined;
  return {
    mode,
    stage: staged.view,
    key: compiled.key.map(keyField),
    fields: compiled.planned.map((field) => comparedField(input, field.field.target)),
    matching: matchingFields(compiled).map((field) => comparedField(input, field.field.target)),
    ...(present === undefined ? {} : { snapshot: { scan: present.scan, idColumn, versionColumn } }),
    ...(input.inserted === undefined
      ? {}
      : { inserted: selectKnown(input.inserted, staged.view, keysTable, compiled.stream.dedupe !== undefined) }),
    ...(deletable === undefined ? {} : { deletable }),
    ...(input.older === undefined ? {} : { hasOlder: true as const }),
    ...(input.reconcile === undefined ? {} : { reconciles: {} }),
    partlyKnown: listPartlyKnown(compiled, staged),
    tellsUnusualKeys: isNamedByText(compiled),
  };
}

function listPartlyKnown(compiled: CompiledStream, { parts }: StagedStream): number[] {
  if (compiled.stream.source.kind !== "object") return [];
  return parts.filter(({ part }) => absentColumns(compiled, part).size > 0).map(({ part }) => part.ordinal);
}

function comparedField({ compiled, target, staged }: DiffInput, name: string): ComparedField {
  const compiledField = compiled.fields.find(({ field }) => field.target === name);
  const schema = compiled.fieldSchemas.get(name);
  if (compiledField === undefined || schema === undefined) throw new Error(`field ${name} is not compiled`);
  const { field, columns } = compiledField;
  const mapped = mappedName(name);
  const present = target.render(schema, mapped, "VARCHAR", storedReading);
  const canonical = schema.comparedBy === undefined ? (present.stored ?? present.value) : keyOfLookup(schema, mapped);
  return {
    name,
    column: readField(compiled, name),
    // What a record has several of is only added to, unless ours takes its place.
    onNull: field.onNull === "clear" && (schema.several !== true || field.replaces !== undefined) ? "clear" : "skip",
    policy: field.policy,
    ...(compiled.times.has(name) ? { time: compiled.times.get(name) ?? "" } : {}),
    // Names of records, our own and parents', differ only as far as the target tells them apart.
    equality: equalityOf(schema, name.includes(".") || compiled.key.includes(schema) ? schema.caseSensitive : true),
    cleared: target.clearedValue(schema),
    several: schema.several === true,
    replaces: field.replaces !== undefined || schema.one === true,
    canonical,
    ...(present.usual === undefined || schema.comparedBy !== undefined ? {} : { usual: present.usual }),
    absentParts: staged.parts
      .filter(({ part }) => isAbsent(columns, absentColumns(compiled, part)))
      .map(({ part }) => part.ordinal),
    limits: limitsOf(schema, compiled.redacted.has(name.toLowerCase())),
  };
}
