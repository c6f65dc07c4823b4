// Which expressions of a stream are computed over which rows. In: a stream as it is compiled, what a pass computes of it.
// Out: those expressions, for the calls inside others to stand below them.

import type { NestedCalls } from "../../core/nested-rows.ts";
import type { CompiledField } from "../../transform/mapping.ts";
import type { CompiledLookup } from "../compile/compiled-lookup.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import type { lookupsOf } from "./join-lookups.ts";

/** Over the rows of the source: `keep`, what is mapped, what is looked up. */
export function computedOfSource(
  { keep }: CompiledStream,
  fields: readonly CompiledField[],
  { ofFields, absent }: Pick<ReturnType<typeof lookupsOf>, "ofFields" | "absent">,
): NestedCalls[] {
  const lookedUp = ofFields.filter(({ index }) => !absent.has(index)).flatMap(({ from }) => from);
  return [...(keep === undefined ? [] : [keep]), ...fields.map(({ nested }) => nested), ...lookedUp];
}

/** Over mapped rows: rules, and what they look up. */
export function computedOfFields({ rules }: CompiledStream, lookups: readonly CompiledLookup[]): NestedCalls[] {
  return [...rules.flatMap(({ expression }) => expression ?? []), ...lookups.flatMap(({ from }) => from)];
}
