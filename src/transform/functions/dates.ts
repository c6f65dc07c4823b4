// Dates and times by their format. DuckDB's strptime and try_strptime are replaced: a text must have the whole format.

import { complainAboutDayFormat, complainAboutFormat, grammarOfFormat } from "../../values/day-format.ts";
import { invisibleClass, isBlank, trimmed } from "../../values/trim.ts";
import type { OwnFunction, Written } from "../own-function.ts";
import { asText, impossible } from "./reading.ts";

export const dateFunctions: readonly OwnFunction[] = [
  {
    name: "parse_date",
    signature: "parse_date(text, format)",
    does: "a date in this format; blank is none",
    takes: "a date in its format, in full, without a time of day",
    examples: [{ call: "parse_date('31.12.1980', '%d.%m.%Y')", gives: "1980-12-31" }],
    complain: { format: (written) => complainAboutText(written, complainAboutDayFormat) },
    macro: () => `(value, format) AS ${readDate()}`,
    question: () => `(value, format) AS ${isBlank(asText)} OR (${hasDayGrammar()}
      AND CAST(CAST(${tryTime(trimmed(asText))} AS TIMESTAMP) AS VARCHAR) LIKE '% 00:00:00')`,
  },
  {
    name: "strptime",
    signature: "strptime(text, format)",
    does: "a time in this format",
    takes: "a time in its format, in full",
    examples: [{ call: "strptime('31.01.2026 08:15', '%d.%m.%Y %H:%M')", gives: "2026-01-31 08:15:00" }],
    complain: { format: (written) => complainAboutText(written, complainAboutFormat) },
    macro: () => `(value, format) AS CASE WHEN ${hasFormat(asText)} THEN ${strptime(asText)}
      WHEN value IS NOT NULL THEN ${strptime(impossible(asText))} END`,
    question: () => `(value, format) AS value IS NULL OR (${hasFormat(asText)} AND ${tryTime(asText)} IS NOT NULL)`,
  },
  {
    name: "try_strptime",
    signature: "try_strptime(text, format)",
    does: "a time in this format, in full; NULL for another text",
    examples: [{ call: "try_strptime('soon', '%d.%m.%Y')", gives: "NULL" }],
    complain: { format: (written) => complainAboutText(written, complainAboutFormat) },
    macro: () => `(value, format) AS CASE WHEN ${hasFormat(asText)} THEN ${tryTime(asText)} END`,
  },
];

/** A format that can't be read would make every row a reject, or make it something else. */
function complainAboutText(written: Written, complain: (format: string) => string | undefined): string | undefined {
  if (written.kind !== "text") return "it wants one format, a text such as '%d.%m.%Y'";
  const complaint = complain(written.text);
  return complaint === undefined ? undefined : `the format "${written.text}" can't be used: ${complaint}`;
}

function hasFormat(text: string): string {
  return `regexp_full_match(${text}, ${grammarOfFormat("format")})`;
}

function strptime(text: string): string {
  return `system.main.strptime(${text}, format)`;
}

function tryTime(text: string): string {
  return `system.main.try_strptime(${text}, format)`;
}

function hasDayGrammar(): string {
  const ends = `[${invisibleClass}]*`;
  return `regexp_full_match(${asText}, concat('${ends}(?:', ${grammarOfFormat("format")}, ')${ends}'))`;
}

function readDate(): string {
  const time = strptime(trimmed(asText));
  const isMidnight = `CAST(CAST(${time} AS TIMESTAMP) AS VARCHAR) LIKE '% 00:00:00'`;
  const impossibleDay = (text: string) => `CAST(${impossible(text)} AS DATE)`;
  return `CASE WHEN ${hasDayGrammar()} THEN CASE WHEN ${isMidnight} THEN CAST(${time} AS DATE)
      ELSE ${impossibleDay(`CAST(${time} AS VARCHAR)`)} END
    WHEN NOT (${isBlank(asText)}) THEN ${impossibleDay(asText)} END`;
}
