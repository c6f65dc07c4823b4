// What happens to rows of other tables when a row is deleted. In: foreign keys as a catalogue has them. Out: links to the rows
// that go with it, and to those that stay and lose what they named.

import type { ChildLink } from "../../core/model.ts";
import type { Row } from "./dialect.ts";

const rules = new Map<string | null | undefined, Pick<ChildLink, "stays">>([
  ["CASCADE", {}],
  ["SET NULL", { stays: "empty" }],
  ["SET DEFAULT", { stays: "default" }],
]);

/**
 * `rows`: one for each column of a foreign key, in its order: `object` as people write it, `constraint`, `field`, `parent`, the
 * column that it holds, `rule`, and `kept` where the rule does not change the column.
 */
export function childLinks(rows: readonly Row[]): ChildLink[] {
  const byKey = Map.groupBy(rows, (row) => JSON.stringify([row["object"], row["constraint"]]));
  return [...byKey.values()].flatMap((parts) => {
    const [first] = parts;
    const rule = rules.get(first?.["rule"]);
    if (first === undefined || rule === undefined) return [];
    const by = parts.map((part) => ({ field: part["field"] ?? "", parent: part["parent"] ?? "" }));
    const link = { object: first["object"] ?? "", field: first["field"] ?? "", unasked: true as const, ...rule };
    const emptied = parts.filter((part) => (part["kept"] ?? null) === null).map((part) => part["field"] ?? "");
    return [{ ...link, by, ...(emptied.length < by.length ? { emptied } : {}) }];
  });
}
