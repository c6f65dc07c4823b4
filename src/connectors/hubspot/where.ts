// `source.where`: a filter of HubSpot, for searches, and for the records that no search gives: archived ones, and those that
// are taken again after an earlier run.

import { Failure } from "../../core/errors.ts";
import type { FieldSchema, ObjectSchema } from "../../core/model.ts";
import type { ObjectSource } from "../../job/job.ts";
import { matchesFilter, namesOf } from "./match-filter.ts";
import type { HubSpotRecord } from "./records.ts";
import { addFilters, type FilterGroups, readFilter } from "./search.ts";
import { requireProperty } from "./views.ts";

/** Throws a Failure (2) for a filter that HubSpot would refuse, or find nothing by. */
export function refuseFilter({ object, where, place, incremental }: ObjectSource, { fields }: ObjectSchema): void {
  if (where === undefined) return;
  const groups = readFilter(where, "source.where", place);
  const named = groups.flat().map(({ propertyName }) => propertyName);
  // Of associated records a search knows the ids.
  for (const name of named.filter((one) => !one.startsWith("associations.")))
    requireProperty(object, name, fields, "source.where");
  addFilters(
    groups,
    Array.from({ length: incremental === undefined ? 1 : 3 }, () => ({ propertyName: "", operator: "" })),
  );
}

/** Why a text is no filter of records; undefined where it is one. */
export function explainFilter(
  object: string,
  text: string,
  fields: ReadonlyMap<string, FieldSchema>,
): string | undefined {
  const key = "target.where";
  try {
    // A search asks for ids beyond the last one too.
    const groups = addFilters(readFilter(text, key, {}), [{ propertyName: "", operator: "" }]);
    for (const name of namesOf(groups).properties.filter(Boolean)) requireProperty(object, name, fields, key);
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error.message.replace(/^target[.]where(?:: | is no filter of HubSpot: )/, "");
    throw error;
  }
}

export function readWhere({ where, place }: ObjectSource): FilterGroups {
  return where === undefined ? [] : readFilter(where, "source.where", place);
}

/** Properties that it looks at. */
export function filteredBy(source: ObjectSource): string[] {
  return namesOf(readWhere(source)).properties;
}

/** Whether it holds for a record; one that only the index could judge is taken. */
export function isOfSource(
  source: ObjectSource,
  record: HubSpotRecord,
  fields: ReadonlyMap<string, FieldSchema>,
): boolean {
  const where = readWhere(source);
  return where.length === 0 || matchesFilter(where, { record }, fields) !== false;
}
