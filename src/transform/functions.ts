// What expressions may call: DuckDB's pure scalar functions, and a few of ours for CRM data, written as macros.

import { readBoolean } from "../values/boolean.ts";
import { grammarOfFormat } from "../values/day-format.ts";
import { foldSql } from "../values/fold.ts";
import { decimalOfLocale, readLocaleNumber } from "../values/locale.ts";
import { decimalOf } from "../values/number.ts";
import { hiddenInside, invisibleClass, isBlank, trimmed } from "../values/trim.ts";

const text = `ascii bar base64 bin chr concat concat_ws contains damerau_levenshtein editdist3 ends_with format from_base64
  greatest hamming hex instr jaccard jaro_similarity jaro_winkler_similarity least left left_grapheme length
  length_grapheme levenshtein like_escape lower lcase lpad ltrim md5 nfc_normalize not_like_escape ord
  parse_filename position prefix printf regexp_escape regexp_extract regexp_extract_all regexp_full_match
  regexp_matches regexp_replace regexp_split_to_array repeat replace reverse right right_grapheme rpad rtrim sha1
  sha256 split split_part starts_with string_split string_split_regex str_split str_split_regex string_to_array
  strip_accents strlen strpos substr substring substring_grapheme suffix to_base64 to_hex translate trim ucase unhex
  unicode upper url_decode url_encode`;
const numbers = `abs acos asin atan atan2 cbrt ceil ceiling cos cot degrees even exp factorial fdiv floor fmod gamma gcd
  greatest_common_divisor isfinite isinf isnan lcm least_common_multiple ln log log10 log2 mod pi pow power radians
  round round_even sign signbit sin sqrt tan trunc xor add subtract multiply divide`;
const dates = `age century datediff datepart datesub datetrunc date_add date_diff date_part date_sub date_trunc day dayname
  dayofmonth dayofweek dayofyear decade epoch epoch_ms epoch_ns epoch_us extract hour isodow isoyear last_day make_date
  make_time make_timestamp make_timestamptz microsecond millisecond minute month monthname quarter second strftime
  strptime time_bucket timezone to_days to_hours to_minutes to_months to_seconds to_timestamp to_weeks to_years
  try_strptime week weekday weekofyear year yearweek now today get_current_timestamp current_timestamp current_date`;
const lists = `array_to_string element_at flatten len list_aggregate list_concat list_contains list_distinct list_element
  list_extract list_filter list_has_all list_has_any list_position list_reverse list_reverse_sort list_slice list_sort
  list_transform list_unique list_value list_zip map map_extract map_keys map_values array_extract array_slice
  struct_extract struct_pack row json_extract json_extract_string json_valid json_array_length`;
const choices = "coalesce if ifnull nullif try typeof ~~ !~~ ~~* !~~* ~~~";
const ours = "email parse_bool parse_date parse_decimal proper";

export const allowedFunctions: ReadonlySet<string> = new Set(
  [text, numbers, dates, lists, choices, ours].flatMap((names) => names.split(/\s+/)),
);

/** Functions of the design that wait for a later version: known by name, so that they are not taken for a typo. */
export const laterFunctions: ReadonlySet<string> = new Set(["phone", "country_code", "country_name"]);

/**
 * Statements that define our functions, and fix the time at the run's start so that a resumed run maps alike. None may
 * be volatile, as DuckDB's `error` is: a careful pass wraps every expression in TRY, which refuses that.
 * - trim, ltrim, rtrim(text): without blanks, control characters and other invisible ones at its ends
 * - email(text): trimmed and lower-cased, null when blank, an error where something invisible is in it
 * - proper(text): Each Word Capitalised, null when blank
 * - parse_bool(text): yes/no, y/n, true/false, t/f, 1/0, on/off in any case; null when blank, an error else
 * - parse_decimal(text, locale): 'de' and its like read 1.234,56; 'en' reads 1,234.56; 'fr' reads 1 234,56; 'de-CH' reads
 *   1'234.56. Null when blank, an error else
 * - parse_date(text, format): strptime's format, '%d.%m.%Y' say; null when blank, an error else, and for a time of day
 * - strptime, try_strptime(text, format): DuckDB's, by a full match of the format
 * `usedIn`: the job with all its expressions. To define them all takes 30 ms of every run, so a
 * reader of text is left out where the job does not have its name, which has no other spelling in an expression.
 */
export function defineFunctions(runStart: Date, timezone: string, usedIn?: unknown): string[] {
  const start = `TIMESTAMPTZ '${runStart.toISOString()}'`;
  const today = `CAST(timezone('${timezone}', ${start}) AS DATE)`;
  return [
    `CREATE MACRO now() AS ${start}`,
    `CREATE MACRO get_current_timestamp() AS ${start}`,
    `CREATE MACRO current_timestamp() AS ${start}`,
    `CREATE MACRO today() AS ${today}`,
    `CREATE MACRO current_date() AS ${today}`,
    ...trims(),
    ...readers(usedIn),
  ];
}

/** An expression may give a function another type than text. */
const asText = "CAST(value AS VARCHAR)";

function readers(usedIn: unknown): string[] {
  const words = usedIn === undefined ? undefined : JSON.stringify(usedIn).toLowerCase();
  const statements: Record<string, () => string> = {
    email: () => `(value) AS ${readEmail()}`,
    proper: () => `(value) AS nullif(array_to_string(list_transform(string_split(${trimmed(asText)}, ' '),
      lambda word: upper(left(word, 1)) || lower(substring(word, 2))), ' '), '')`,
    parse_bool: () => `(value) AS ${orError(readBoolean(asText), "BOOLEAN")}`,
    parse_decimal: () => `(value, locale) AS ${readDecimal()}`,
    parse_date: () => `(value, format) AS ${readDate()}`,
    strptime: () => `(value, format) AS CASE WHEN ${hasFormat(asText)} THEN ${strptime(asText)}
      WHEN value IS NOT NULL THEN ${strptime(impossible(asText))} END`,
    try_strptime: () => `(value, format) AS CASE WHEN ${hasFormat(asText)}
      THEN system.main.try_strptime(${asText}, format) END`,
  };
  const used = Object.entries(statements).filter(([name]) => words?.includes(name) !== false);
  return used.map(([name, macro]) => `CREATE MACRO ${name}${macro()}`);
}

/**
 * Of each reader, by its name: a macro that says whether it certainly reads a text, NULL counting as no (readable.ts). One
 * that says no too often costs time; one that says yes too often would fail a pass.
 */
export function readerQuestions(): Record<string, string> {
  const { isNumber } = readLocaleNumber(trimmed(asText), "locale", decimalsMax);
  const time = (text: string) => `system.main.try_strptime(${text}, format)`;
  return {
    email: `(value) AS value IS NULL OR NOT regexp_matches(${asText}, '${hiddenInside}')`,
    parse_bool: `(value) AS ${isBlank(asText)} OR ${readBoolean(asText)} IS NOT NULL`,
    parse_decimal: `(value, locale) AS ${isBlank(asText)} OR (strlen(${asText}) <= 24 AND ${isNumber})`,
    parse_date: `(value, format) AS ${isBlank(asText)} OR (${hasDayGrammar()}
      AND CAST(CAST(${time(trimmed(asText))} AS TIMESTAMP) AS VARCHAR) LIKE '% 00:00:00')`,
    strptime: `(value, format) AS value IS NULL OR (${hasFormat(asText)} AND ${time(asText)} IS NOT NULL)`,
  };
}

function trims(): string[] {
  const ends = { trim: "both", ltrim: "left", rtrim: "right" } as const;
  return Object.entries(ends).map(
    ([name, end]) => `CREATE MACRO ${name}(value) AS ${trimmed(asText, end)},
      (value, characters) AS system.main.${name}(value, characters)`,
  );
}

/** A text that is of no type: what makes an expression fail that has read something else than what it reads. */
function impossible(text: string): string {
  return `concat('\ufffd ', ${text})`;
}

/** `read` is VARCHAR, NULL where the text can't be read. A blank text is none. */
function orError(read: string, type: string): string {
  return `CAST(CASE WHEN ${isBlank(asText)} THEN NULL ELSE coalesce(${read}, ${impossible(asText)}) END AS ${type})`;
}

// No lambda binds a value that a function of ours needs twice: where a row fails, TRY computes the rows around it one by
// one, and a lambda makes its regular expressions anew for each (measured: 1 ms a row; without, 3 µs).

/** What is invisible at the ends is taken away; inside it would make another address that looks the same. */
function readEmail(): string {
  const strange = `CAST(CAST(${impossible(asText)} AS INTEGER) AS VARCHAR)`;
  return `CASE WHEN regexp_full_match(${asText}, '[!-~]+') THEN lower(${asText}) WHEN ${isBlank(asText)} THEN NULL
    WHEN regexp_matches(${asText}, '${hiddenInside}') THEN ${strange} ELSE ${foldSql(trimmed(asText))} END`;
}

const decimalsMax = 10;

/** Without a separator of groups a number is told as in values/number.ts, which takes a third of the time. */
function readDecimal(): string {
  const pointed = `replace(${asText}, ',', '.')`;
  const narrow = `TRY_CAST(${pointed} AS DECIMAL(18, 4))`;
  const other = `CASE WHEN ${decimalOfLocale("locale")} = ',' THEN '.' ELSE ',' END`;
  const isQuick = `NOT contains(${asText}, ${other}) AND NOT suffix(${pointed}, '.') AND starts_with(CAST(${narrow} AS VARCHAR), ${pointed})`;
  const { isNumber, number } = readLocaleNumber(trimmed(asText), "locale", decimalsMax);
  const wide = `DECIMAL(38, ${decimalsMax})`;
  return `CASE WHEN ${isQuick} AND ${decimalOfLocale("locale")} IS NOT NULL THEN CAST(${narrow} AS ${wide})
    WHEN ${isNumber} THEN ${decimalOf(number, decimalsMax)}
    WHEN NOT (${isBlank(asText)}) THEN CAST(${impossible(asText)} AS ${wide}) END`;
}

function hasFormat(text: string): string {
  return `regexp_full_match(${text}, ${grammarOfFormat("format")})`;
}

function strptime(text: string): string {
  return `system.main.strptime(${text}, format)`;
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
