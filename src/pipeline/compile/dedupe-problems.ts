// Fields by whose order `dedupe` chooses, held against their types. In: a stream and the schemas of its fields. Out: what is
// wrong with them. Must hold: nothing is chosen by an order that not all systems share.

import { withArticle } from "../../core/counted.ts";
import type { FieldSchema } from "../../core/model.ts";
import type { Diagnostic } from "../../job/diagnostics.ts";
import type { Stream } from "../../job/job.ts";

const ordered = new Set(["number", "integer", "date", "datetime", "time"]);

export function findDedupeProblems(stream: Stream, schemas: ReadonlyMap<string, FieldSchema>): Diagnostic[] {
  return [...findUnordered(stream, schemas), ...findTimeless(stream)];
}

/** A value of another row is not of the time of the row that gets it. */
function findTimeless({ dedupe, fields, place }: Stream): Diagnostic[] {
  const names = fields.flatMap(({ target, policy }) =>
    policy === "newest" && dedupe?.merge?.[target] !== undefined ? [target] : [],
  );
  return names.map((name) => ({
    place: dedupe?.places.merged[name] ?? place,
    length: name.length,
    message: `dedupe.merge: ${name} may get a value of another row, and its policy newest goes by the time of the row that stays`,
    next: "leave one of the two out; or keep: newest takes the whole row",
  }));
}

function findUnordered({ dedupe, place }: Stream, schemas: ReadonlyMap<string, FieldSchema>): Diagnostic[] {
  const merged = Object.entries(dedupe?.merge ?? {}).filter(([, rule]) => rule === "max" || rule === "min");
  const chosen = [
    ...(dedupe?.newest_by === undefined ? [] : [["newest_by", dedupe.newest_by] as const]),
    ...merged.map(([name, rule]) => [`merge: ${rule}`, name] as const),
  ];
  return chosen.flatMap(([what, name]) => {
    const schema = schemas.get(name);
    if (schema === undefined || ordered.has(schema.kind)) return [];
    const message = `dedupe.${what} wants a date, a time or a number; ${name} is ${withArticle(schema.vendorType)}`;
    const next = "merge it by first_filled, last_filled or longest";
    return [
      {
        place: (what === "newest_by" ? dedupe?.places.newest : dedupe?.places.merged[name]) ?? place,
        length: name.length,
        message,
        ...(what === "newest_by" ? {} : { next }),
      },
    ];
  });
}
