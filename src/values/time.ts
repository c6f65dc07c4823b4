// Times of a day, without a zone: to the millisecond, as Salesforce's fields of type time hold them, or to the microsecond.
// https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/primitive_data_types.htm

import { trimmed } from "./trim.ts";
import { type MappedValue, type StoredValue, textOf } from "./value.ts";

const grammar = (digits: number) => `[0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,${digits}}0*)?)?Z?`;
const finer = "[0-9]{2}:[0-9]{2}:[0-9]{2}[.,][0-9]+Z?";

/**
 * Stored as `HH:MM:SS.mmmZ`, or with six digits. 24:00 is no time of its day, and what names another zone than Z is an
 * instant of none.
 */
export function storeTime(mapped: MappedValue, secondDigits: 3 | 6 = 3): StoredValue {
  const text = trimmed(textOf(mapped));
  const time = `TRY_CAST(replace(system.main.rtrim(${text}, 'Z'), ',', '.') AS TIME)`;
  const isTime = `regexp_full_match(${text}, '${grammar(secondDigits)}') AND NOT starts_with(${text}, '24')`;
  return {
    stored: `CASE WHEN ${isTime} THEN strftime(DATE '2000-01-01' + ${time}, '%H:%M:%S.${secondDigits === 6 ? "%f" : "%g"}Z') END`,
    complaint: `CASE WHEN regexp_full_match(${text}, '${finer}') AND ${time} IS NOT NULL
      THEN 'is finer than a ${secondDigits === 6 ? "microsecond" : "millisecond"}, which the field can''t hold' ELSE 'is not a time of day (HH:MM:SS)' END`,
  };
}

/** TIME of a stored text. */
export function timeOf(stored: string): string {
  return `CAST(system.main.rtrim(${stored}, 'Z') AS TIME)`;
}
