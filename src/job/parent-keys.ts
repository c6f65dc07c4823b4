// Parents whose stream knows its records by several fields: no system finds a record by these, so they are looked up like
// others. In: the streams of a job, `from` of such a field as a list. Out: the same with a lookup for it. What must hold: each
// key field of the parent's stream has its expression.

import type { Diagnostics } from "./diagnostics.ts";
import type { Expression } from "./expression.ts";
import type { MappedField, Stream } from "./job.ts";
import type { Lookup } from "./lookup.ts";
import { keySpanAt, type MapNode } from "./yaml-tree.ts";

/** `froms`: of each field that names its parent by several expressions. */
export function linkParents(
  streams: readonly Stream[],
  froms: ReadonlyMap<Expression, readonly Expression[]>,
  root: MapNode,
  diagnostics: Diagnostics,
): Stream[] {
  const linkField = (own: Stream, field: MappedField): MappedField => {
    const from = froms.get(field.expression);
    const parent = streams.find(({ name }) => name === field.parent?.stream);
    if (from === undefined || parent === undefined) return field;
    const problem = findProblem(own, field, parent, from.length);
    if (problem === undefined) return { ...field, lookup: lookUpParent(parent, from) };
    diagnostics.add(keySpanAt(root, ["streams", own.name, "map", field.target, "from"]), problem);
    return field;
  };
  return streams.map((stream) => ({ ...stream, fields: stream.fields.map((field) => linkField(stream, field)) }));
}

function findProblem(own: Stream, field: MappedField, parent: Stream, given: number): string | undefined {
  const { key, mode } = parent.target;
  const knows = `stream ${parent.name} knows its records by ${key.join(" and ")}`;
  if (given !== key.length) return `${knows}: \`from\` wants an expression for each, and has ${given}`;
  if (key.length === 1) return `${knows}: \`from\` is one expression, and no list`;
  if (parent.name === own.name) return "a stream whose key is several fields can't name its own records as parents";
  if (mode === "insert")
    return `stream ${parent.name} has mode insert, so its records can't be found by ${key.join(", ")}`;
  if (own.target.key.includes(field.target))
    return `${field.target} is a part of the key: it would have no value before its parent is made`;
  const named = parent.fields.find(({ target, parent: of }) => key.includes(target) && (of || target.includes(".")));
  if (named === undefined) return undefined;
  return `${knows}, and ${named.target} names a record itself: such records can't be parents by their key`;
}

function lookUpParent({ name: maker, target }: Stream, from: readonly Expression[]): Lookup {
  const [{ place }] = from as [Expression];
  return {
    in: { kind: "object", connection: target.connection, object: target.object, place },
    key: target.key.map((name, part) => ({ name, place: from[part]?.place ?? place })),
    from: [...from],
    miss: "parent",
    maker,
    place,
  };
}
