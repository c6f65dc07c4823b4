// Dates and times by their formats. DuckDB's strptime and try_strptime are replaced: a text must have the whole format.

import { suggest } from "../../core/suggest.ts";
import { complainAboutDayFormat, complainAboutFormat, grammarOfFormat } from "../../values/day-format.ts";
import { englishMonths, monthLanguage, monthLocales } from "../../values/month-names.ts";
import { isBlank, trimmed } from "../../values/trim.ts";
import { bind } from "../../values/value.ts";
import type { Calls, OwnFunction, Written } from "../own-function.ts";
import { asText, impossible } from "./reading.ts";

export const dateFunctions: readonly OwnFunction[] = [
  {
    name: "parse_date",
    signature: "parse_date(text, format [, locale])",
    does: "a date in this format, or in the first of a list of formats that reads it; 'excel' reads a day's number in a spreadsheet, but 60, a day that never was; blank is none",
    takes:
      "a date in one of its formats, in full, without a time of day; with a locale ('de') its names of months for %B and %b",
    examples: [
      { call: "parse_date('31.12.1980', '%d.%m.%Y')", gives: "1980-12-31" },
      { call: "parse_date('12/31/1980', ['%d.%m.%Y', '%m/%d/%Y'])", gives: "1980-12-31" },
      { call: "parse_date('3. März 2026', '%d. %B %Y', 'de')", gives: "2026-03-03" },
      { call: "parse_date('46084', ['%Y-%m-%d', 'excel'])", gives: "2026-03-03" },
    ],
    complain: { format: complainAboutDays, locale: complainAboutMonths },
    macro: (_run, calls) => inForms(calls, readAny, day),
    question: (calls) => inForms(calls, askAny, day),
    why: (calls) => (formsOf(calls).excel ? inForms(calls, whyNone, day) : undefined),
  },
  {
    name: "parse_datetime",
    signature: "parse_datetime(text, format [, locale])",
    does: "a time in this format, or in the first of a list of formats that reads it; one without %z is of the job's `timezone`; 'excel' reads a number of a spreadsheet, to the millisecond; blank is none",
    takes: "a time in one of its formats, in full; with a locale ('de') its names of months for %B and %b",
    examples: [
      { call: "parse_datetime('31.12.1980 08:15', ['%d.%m.%Y %H:%M', '%d.%m.%Y'])", gives: "1980-12-31 08:15:00" },
      { call: "parse_datetime('2026-01-31T08:15:00+02:00', '%Y-%m-%dT%H:%M:%S%z')", gives: "2026-01-31 06:15:00+00" },
      { call: "parse_datetime('2026-01-31T08:15:00Z', '%Y-%m-%dT%H:%M:%S%z')", gives: "2026-01-31 08:15:00+00" },
      { call: "parse_datetime('46084.5', 'excel')", gives: "2026-03-03 12:00:00" },
    ],
    complain: { format: complainAboutTimes, locale: complainAboutMonths },
    macro: (_run, calls) => inForms(calls, readAny, time),
    question: (calls) => inForms(calls, askAny, time),
    why: (calls) => (formsOf(calls).excel ? inForms(calls, whyNone, time) : undefined),
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
    question: () => `(value, format) AS value IS NULL OR (${hasFormat(asText)} AND ${tryStrptime(asText)} IS NOT NULL)`,
  },
  {
    name: "try_strptime",
    signature: "try_strptime(text, format)",
    does: "a time in this format, in full; NULL for another text",
    examples: [{ call: "try_strptime('soon', '%d.%m.%Y')", gives: "NULL" }],
    complain: { format: (written) => complainAboutText(written, complainAboutFormat) },
    macro: () => `(value, format) AS CASE WHEN ${hasFormat(asText)} THEN ${tryStrptime(asText)} END`,
  },
];

const formatsMax = 5;

/** Whether a text is one of a format (BOOLEAN), and which. Neither fails. A format in a lambda is no constant to the engine. */
interface Reader {
  isRead(text: string, format: string): string;
  read(text: string, format: string): string;
  /** The same of a spreadsheet's number, whose format is called 'excel'. */
  isSerial(text: string): string;
  serial(text: string): string;
  /** VARCHAR: what is told of a spreadsheet's number with decimals that is not read. */
  timed: string;
}

const day: Reader = {
  isRead: (text, format) =>
    `${hasFormat(text, format)} AND CAST(CAST(${tryStrptime(text, format)} AS TIMESTAMP) AS VARCHAR) LIKE '% 00:00:00'`,
  read: (text, format) => `CAST(${tryStrptime(text, format)} AS DATE)`,
  isSerial: (text) => isSerial(text, "0+"),
  serial: (text) => `CAST(${ofSerial(text)} AS DATE)`,
  timed: "'it has a time of day, which a date would lose'",
};

const time: Reader = {
  isRead: (text, format) => `${hasFormat(text, format)} AND ${tryStrptime(text, format)} IS NOT NULL`,
  read: (text, format) => tryStrptime(text, format),
  isSerial: (text) => isSerial(text, "[0-9]{1,15}"),
  serial: ofSerial,
  timed: "NULL",
};

/**
 * TIMESTAMP of a spreadsheet's number: days since the end of 1899. It has a 29 February 1900, number 60, which never was.
 * https://support.microsoft.com/en-us/office/date-systems-in-excel-e7fe7167-48a9-4b96-bb53-5612a800b487
 */
function ofSerial(text: string): string {
  const days = `CAST(${text} AS DECIMAL(25, 15))`;
  const since1970 = `CAST(${days} - CASE WHEN ${days} < 60 THEN 25568 ELSE 25569 END AS DECIMAL(25, 15))`;
  return `make_timestamp(1000 * CAST(round(${since1970} * 86400000) AS BIGINT))`;
}

/** The last one is 31 December 9999. Half a millisecond before its end, or before that of 59, rounds to a day that is none. */
function isSerial(text: string, decimals: string): string {
  const isNumber = `regexp_full_match(${text}, '[1-9][0-9]{0,6}(?:[.]${decimals})?')`;
  const day = `split_part(${text}, '.', 1)`;
  const isLast = `${day} IN ('59', '2958465') AND split_part(${text}, '.', 2) > '99999999421'`;
  return `CASE WHEN ${isNumber} THEN ${day} <> '60' AND CAST(${day} AS INTEGER) <= 2958465 AND NOT (${isLast}) ELSE false END`;
}

/** In which forms a function is called. To bind all of them takes a tenth of a second of a run. */
interface Forms {
  lists: boolean;
  excel: boolean;
  /** Languages that locales are of. */
  languages: readonly string[];
}

/** Formats and locales are written out where they are used (`complain`): a form of which nothing is written is not called. */
function formsOf(calls: Calls): Forms {
  const all: Forms = { lists: true, excel: true, languages: monthLocales };
  // Texts can be written in other ways than in quotes: E'…', $$…$$.
  if (calls === undefined || calls.some((call) => /[$]|\be'/i.test(call))) return all;
  const tokens = calls.flatMap((call) => call.match(/'(?:[^']|'')*'|"(?:[^"]|"")*"|--.*|\/[*][\s\S]*?[*]\//g) ?? []);
  const texts = tokens.filter((token) => token.startsWith("'"));
  return {
    lists: calls.some((call) => /[[]|list|array/i.test(call)),
    excel: texts.some((token) => /excel/.test(token)),
    languages: monthLocales.filter((one) => texts.some((token) => monthLanguage(token.slice(1, -1)) === one)),
  };
}

type Use = (reader: Reader, forms: Forms, text?: string) => string;

/** A macro for each number of arguments. */
function inForms(calls: Calls, use: Use, reader: Reader): string {
  const forms = formsOf(calls);
  const plain = `(value, format) AS ${use(reader, forms)}`;
  if (forms.languages.length === 0) return plain;
  return `${plain}, (value, format, locale) AS ${inLocale(use, reader, forms)}`;
}

/**
 * Those of a list, or the one, each a constant to the engine; NULL where there are fewer. Without the test for NULL the
 * engine binds a macro before it has the constant.
 */
function formatsOf({ lists }: Forms): string[] {
  const constant = (sql: string) => `(CASE WHEN format IS NULL THEN NULL ELSE ${sql} END)`;
  if (!lists) return [constant("CAST(format AS VARCHAR)")];
  const list = "coalesce(TRY_CAST(format AS VARCHAR[]), [CAST(format AS VARCHAR)])";
  return Array.from({ length: formatsMax }, (_, index) => constant(`${list}[${index + 1}]`));
}

function readAny(reader: Reader, forms: Forms, text = trimmed(asText)): string {
  const branches = formatsOf(forms).map(
    (format) => `WHEN ${isRead(reader, forms, text, format)} THEN ${read(reader, forms, text, format)}`,
  );
  return `CASE ${branches.join(" ")} WHEN NOT (${isBlank(text)}) THEN CAST(${impossible(text)} AS DATE) END`;
}

function askAny(reader: Reader, forms: Forms, text = trimmed(asText)): string {
  const asked = formatsOf(forms).map((format) => `coalesce(${isRead(reader, forms, text, format)}, false)`);
  return `${isBlank(text)} OR ${asked.join(" OR ")}`;
}

/** VARCHAR: why a number of a spreadsheet is no day; NULL of any other text, and of one that another format reads. */
function whyNone(reader: Reader, forms: Forms, text = trimmed(asText)): string {
  const isNumber = (days: string) => `regexp_full_match(${text}, '${days}(?:[.][0-9]+)?')`;
  const isPastLast = `coalesce(TRY_CAST(split_part(${text}, '.', 1) AS HUGEINT) > 2958465, true)`;
  return `CASE WHEN NOT contains(CAST(format AS VARCHAR), 'excel') OR NOT ${isNumber("-?(?:0|[1-9][0-9]*)")} OR ${askAny(reader, forms, text)} THEN NULL
    WHEN ${isNumber("60")} THEN '60 is 29 February 1900 in Excel, a day that never was'
    WHEN ${isNumber("0")} THEN '0 is 0 January 1900 in Excel: no day, or a time of day alone'
    WHEN starts_with(${text}, '-') THEN 'the first day of Excel is 1, 1 January 1900'
    WHEN ${isPastLast} THEN 'the last day of Excel is 2958465, 31 December 9999' ELSE ${reader.timed} END`;
}

function isRead(reader: Reader, { excel }: Forms, text: string, format: string): string {
  const plain = reader.isRead(text, format);
  return excel ? `CASE WHEN ${format} = 'excel' THEN ${reader.isSerial(text)} ELSE ${plain} END` : plain;
}

function read(reader: Reader, { excel }: Forms, text: string, format: string): string {
  const plain = reader.read(text, format);
  return excel ? `CASE WHEN ${format} = 'excel' THEN ${reader.serial(text)} ELSE ${plain} END` : plain;
}

/** The text with its month in English, and each format with that in full. */
function inLocale(use: Use, reader: Reader, forms: Forms): string {
  const full = (format: string) => `regexp_replace(${format}, '%[bh][.]?', '%B', 'g')`;
  const english: Reader = {
    ...reader,
    isRead: (text, format) => reader.isRead(text, full(format)),
    read: (text, format) => reader.read(text, full(format)),
  };
  return bind("text", englishMonths(trimmed(asText), "locale", forms.languages), (text) => use(english, forms, text));
}

function complainAboutDays(written: Written): string | undefined {
  const complain = (format: string) => (format === "excel" ? undefined : complainAboutDayFormat(format));
  return complainAboutTexts(written, complain);
}

/** What has a zone is an instant, what has none is not yet. */
function complainAboutTimes(written: Written): string | undefined {
  const items = written.kind === "list" ? written.items : [];
  const zoned = items.map((item) => item.kind === "text" && item.text.includes("%z"));
  if (zoned.includes(true) && zoned.includes(false)) return "either all formats of the list have a zone (%z) or none";
  return complainAboutDays(written);
}

function complainAboutTexts(written: Written, complain: (format: string) => string | undefined): string | undefined {
  if (written.kind !== "list") return complainAboutText(written, complain);
  if (written.items.length === 0 || written.items.length > formatsMax) return `it wants 1 to ${formatsMax} formats`;
  return written.items.map((item) => complainAboutText(item, complain)).find((complaint) => complaint !== undefined);
}

/** A format that can't be read would make every row a reject, or make it something else. */
function complainAboutText(written: Written, complain: (format: string) => string | undefined): string | undefined {
  if (written.kind !== "text") return "it wants one format, a text such as '%d.%m.%Y'";
  const complaint = complain(written.text);
  return complaint === undefined ? undefined : `the format "${written.text}" can't be used: ${complaint}`;
}

function complainAboutMonths(written: Written): string | undefined {
  if (written.kind !== "text") return "the locale is a text: 'de'";
  if (monthLanguage(written.text) !== undefined) return undefined;
  const meant = suggest(written.text, monthLocales);
  return `the months of "${written.text}" are not known${meant === undefined ? "" : `; did you mean ${meant}?`}`;
}

function hasFormat(text: string, format = "format"): string {
  return `regexp_full_match(${text}, ${grammarOfFormat(format)})`;
}

function strptime(text: string): string {
  return `system.main.strptime(${writeZone(text, "format")}, format)`;
}

function tryStrptime(text: string, format = "format"): string {
  return `system.main.try_strptime(${writeZone(text, format)}, ${format})`;
}

/** The engine does not know Z, of which a text with a zone has no other (`complainAboutFormat`). */
function writeZone(text: string, format: string): string {
  return `CASE WHEN contains(${format}, '%z') THEN replace(${text}, 'Z', '+00:00') ELSE ${text} END`;
}
