// What a lookup gives a row, and what is said where it gives none, as SQL over the columns that joining it adds.

import { askedName, foundName, givenName, lookupFailureName, lookupKeyName } from "../../core/columns.ts";
import { literal } from "../../core/sql.ts";
import { newRecordMark } from "../../job/lookup.ts";
import { objectToValue } from "../../values/limits.ts";
import { quoted } from "../../values/value.ts";
import { type CompiledLookup, neverAsked } from "./compiled-lookup.ts";

/** The value of a field, and whether what it looks up failed. */
export function takeFound({ index, written }: CompiledLookup): { value: string; failed: string } {
  const value = foundName(index, "value");
  const failed = lookupFailureName(index);
  if (written.maker !== undefined) {
    const made = `${literal(newRecordMark(written))} || ${lookupKeyName(index)}`;
    return { value: `CASE WHEN ${isMissed(index)} THEN ${made} ELSE ${value} END`, failed };
  }
  if (written.default === undefined) return { value, failed };
  return { value: `CASE WHEN ${isMissed(index)} THEN ${literal(written.default.text)} ELSE ${value} END`, failed };
}

/** BOOLEAN: there is something to look up, and it is not there. */
function isMissed(index: number): string {
  return `${lookupKeyName(index)} IS NOT NULL AND ${foundName(index, "hits")} IS NULL`;
}

/** What makes a row of a field that is looked up a reject. */
export function objectToFound(lookup: CompiledLookup): { condition: string; message: string }[] {
  const { index, written } = lookup;
  const several = {
    condition: `${foundName(index, "hits")} > 1`,
    message: `${foundName(index, "hits")} || ${literal(` ${plural(lookup)} have `)} || ${sayKeys(lookup)} || ': ' || ${foundName(index, "candidates")}`,
  };
  if (written.miss === "create") return [...objectToNew(lookup), several];
  if (written.miss === "parent") {
    const { condition, message } = describeMiss(lookup);
    return [{ condition: `${condition} AND contains(${lookupKeyName(index)}, ${neverAsked})`, message }, several];
  }
  if (written.miss !== "reject") return [several];
  const { condition, message } = describeMiss(lookup);
  return [{ condition, message }, several];
}

/** Why no record can be made with a key that is not found. */
function objectToNew({ index, keys, what, hidesKeys }: CompiledLookup): { condition: string; message: string }[] {
  const none = (name: string) => literal(`no ${what} can be made: its ${name} `);
  return keys.flatMap(({ name, rendered }, part) => {
    if (rendered === undefined) return [];
    const asked = askedName(index, part);
    const given = hidesKeys ? "'(hidden)'" : quoted(`coalesce(CAST(${givenName(index, part)} AS VARCHAR), '')`);
    const objections = objectToValue({ ...rendered.schema, isKey: true }, asked, hidesKeys);
    return [
      { condition: `coalesce(${asked}, '') = ''`, message: `${none(name)} || 'would be blank'` },
      { condition: `starts_with(${asked}, ${neverAsked})`, message: `${none(name)} || 'can''t be ' || ${given}` },
      ...objections.map(({ condition, message }) => ({ condition, message: `${none(name)} || ${message}` })),
    ].map(({ condition, message }) => ({ condition: `${isMissed(index)} AND (${condition})`, message }));
  });
}

export function describeMiss(lookup: CompiledLookup): { failed: string; condition: string; message: string } {
  const { index, written, what } = lookup;
  const within = written.where === undefined ? "" : ` where ${written.where.sql}`;
  return {
    failed: lookupFailureName(index),
    condition: isMissed(index),
    message: `${literal(`no ${what} has `)} || ${sayKeys(lookup)}${within === "" ? "" : ` || ${literal(within)}`}`,
  };
}

function plural({ what, table }: CompiledLookup): string {
  return table.kind === "object" ? what : what.replace(/^\w+/, (noun) => `${noun}s`);
}

function sayKeys({ index, keys, hidesKeys }: CompiledLookup): string {
  const said = keys.map(({ name }, part) => {
    const value = hidesKeys ? "'(hidden)'" : quoted(`coalesce(CAST(${givenName(index, part)} AS VARCHAR), '')`);
    return `${literal(`${name} `)} || ${value}`;
  });
  return said.join(" || ' and ' || ");
}
