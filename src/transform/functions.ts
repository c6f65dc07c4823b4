// What expressions may call: DuckDB's pure scalar functions, and functions of ours for CRM data (functions/), which are
// macros. In: the families of functions. Out: which names are allowed, and statements that define those that a job names.

import { identifier } from "../core/sql.ts";
import type { ComputedFunction } from "./computed.ts";
import { accountFunctions } from "./functions/accounts.ts";
import { addressFunctions } from "./functions/addresses.ts";
import { booleanFunctions } from "./functions/booleans.ts";
import { clockFunctions } from "./functions/clock.ts";
import { codeFunctions } from "./functions/codes.ts";
import { countryFunctions } from "./functions/countries.ts";
import { dateFunctions } from "./functions/dates.ts";
import { htmlFunctions } from "./functions/html.ts";
import { jsonFunctions } from "./functions/json.ts";
import { listFunctions } from "./functions/lists.ts";
import { moneyFunctions } from "./functions/money.ts";
import { nameFunctions } from "./functions/names.ts";
import { numberFunctions } from "./functions/numbers.ts";
import { phoneFunctions } from "./functions/phones.ts";
import { pseudonymFunctions } from "./functions/pseudonym.ts";
import { spaceFunctions } from "./functions/spaces.ts";
import { textFunctions } from "./functions/text.ts";
import type { Calls, OwnFunction } from "./own-function.ts";

const text = `ascii bar base64 bin chr concat concat_ws contains damerau_levenshtein decode editdist3 ends_with format from_base64
  greatest hamming hex instr jaccard jaro_similarity jaro_winkler_similarity least left left_grapheme length
  length_grapheme levenshtein like_escape lower lcase lpad md5 nfc_normalize not_like_escape ord
  parse_filename position prefix printf regexp_escape regexp_extract regexp_extract_all regexp_full_match
  regexp_matches regexp_replace regexp_split_to_array repeat replace reverse right right_grapheme rpad sha1
  sha256 split split_part starts_with string_split string_split_regex str_split str_split_regex string_to_array
  strip_accents strlen strpos substr substring substring_grapheme suffix to_base64 to_hex translate ucase unhex
  unicode upper url_decode url_encode`;
const numbers = `abs acos asin atan atan2 cbrt ceil ceiling cos cot degrees even exp factorial fdiv floor fmod gamma gcd
  greatest_common_divisor isfinite isinf isnan lcm least_common_multiple ln log log10 log2 pi pow power radians
  round round_even sign signbit sin sqrt tan trunc xor add subtract multiply`;
const dates = `age century datediff datepart datesub datetrunc date_add date_diff date_part date_sub date_trunc day dayname
  dayofmonth dayofweek dayofyear decade epoch epoch_ms epoch_ns epoch_us extract hour isodow isoyear last_day make_date
  make_time make_timestamp make_timestamptz microsecond millisecond minute month monthname quarter second strftime
  time_bucket timezone to_days to_hours to_minutes to_months to_seconds to_timestamp to_weeks to_years
  week weekday weekofyear year yearweek`;
const lists = `array_to_string element_at flatten len list_aggregate list_concat list_contains list_distinct list_element
  list_extract list_filter list_has_all list_has_any list_position list_reverse list_reverse_sort list_slice list_sort
  list_transform list_unique list_value list_zip map map_extract map_keys map_values array_extract array_slice
  struct_extract struct_pack row json_valid json_array_length`;
const choices = "coalesce if ifnull nullif try typeof ~~ !~~ ~~* !~~* ~~~";

/** Some have the name of a built-in function: they tell the time of the run, or read more strictly. */
export const ownFunctions: readonly OwnFunction[] = [
  ...textFunctions,
  ...spaceFunctions,
  ...nameFunctions,
  ...addressFunctions,
  ...accountFunctions,
  ...listFunctions,
  ...jsonFunctions,
  ...booleanFunctions,
  ...numberFunctions,
  ...moneyFunctions,
  ...dateFunctions,
  ...htmlFunctions,
  ...pseudonymFunctions,
  ...phoneFunctions,
  ...countryFunctions,
  ...codeFunctions,
  ...clockFunctions,
];

const ownByName = new Map(ownFunctions.map((own) => [own.name, own]));
const ownByOperator = new Map(ownFunctions.flatMap((own) => (own.operator === undefined ? [] : [[own.operator, own]])));

/** By its name, or by what stands for it between two arguments. */
export function findMacro(name: string): OwnFunction | undefined {
  return ownByOperator.get(name) ?? findOwnFunction(name);
}

export function findOwnFunction(name: string): OwnFunction | undefined {
  return ownByName.get(name.toLowerCase());
}

/** Of two names that are equally like what was written, the first is what is meant: ours. */
export const allowedFunctions: ReadonlySet<string> = new Set([
  ...ownByName.keys(),
  ...[text, numbers, dates, lists, choices].flatMap((names) => names.split(/\s+/)),
]);

/**
 * Statements that define our functions. `usedIn`: the job with all its expressions. To define them all takes 30 ms of every
 * run, so one is left out where the job does not call it.
 */
export function defineFunctions(
  runStart: Date,
  timezone: string,
  usedIn?: unknown,
  pseudonymKey?: Uint8Array,
): string[] {
  const start = `TIMESTAMPTZ '${runStart.toISOString()}'`;
  const clock = { start, today: `CAST(timezone('${timezone}', ${start}) AS DATE)`, pseudonymKey };
  return keepUsed(ownFunctions, usedIn).flatMap(({ name, operator, macro }) => {
    const body = macro(clock, callsOf(name, usedIn));
    return [name, ...(operator === undefined ? [] : [identifier(operator)])].map((as) => `CREATE MACRO ${as}${body}`);
  });
}

/** Those whose macros call what is computed in JavaScript. */
export function computedFunctions(usedIn?: unknown): ComputedFunction[] {
  return keepUsed(ownFunctions, usedIn).filter((own): own is ComputedFunction => "load" in own);
}

/** Of each that says why it refuses a text, by its name: the macro that does. */
export function refusalReasons(usedIn: unknown): Record<string, string> {
  return Object.fromEntries(
    keepUsed(ownFunctions, usedIn).flatMap(({ name, why }) => {
      const macro = why?.(callsOf(name, usedIn));
      return macro === undefined ? [] : [[name, macro]];
    }),
  );
}

function keepUsed(functions: readonly OwnFunction[], usedIn: unknown): OwnFunction[] {
  if (usedIn === undefined) return [...functions];
  const words = JSON.stringify(usedIn).toLowerCase();
  return functions.filter((own) => mayCall(own, words) || (own.operator !== undefined && words.includes(own.operator)));
}

/** The texts of a job that name a function. */
function callsOf(name: string, usedIn: unknown): Calls {
  if (usedIn === undefined) return undefined;
  const calls: string[] = [];
  JSON.stringify(usedIn, (_key, value: unknown) => {
    if (typeof value === "string" && value.toLowerCase().includes(name)) calls.push(value);
    return value;
  });
  return calls;
}

const spaceInJson = String.raw`(?:\\(?:["bfnrt]|u[0-9a-f]{4})|[\s"])*`;

/**
 * A column often has the name of a function, such as email, whose macro takes 5 ms of a run. In a call its arguments follow,
 * behind a quotation mark, blanks or a comment; SQL's words for the time have none. `words`: JSON.
 */
function mayCall({ name, signature }: OwnFunction, words: string): boolean {
  if (!words.includes(name)) return false;
  return signature.endsWith("()") || new RegExp(`${name}${spaceInJson}(?:[(]|/[*]|--)`).test(words);
}

/** Of each that reads a text, by its name: the macro that says whether it certainly does. */
export function readerQuestions(usedIn: unknown): Record<string, string> {
  return Object.fromEntries(
    keepUsed(ownFunctions, usedIn).flatMap(({ name, question }) =>
      question === undefined ? [] : [[name, question(callsOf(name, usedIn))]],
    ),
  );
}

/** Those of one text that fail for none. */
export const harmlessFunctions: ReadonlySet<string> = new Set([
  ...["lower", "lcase", "upper", "ucase", "strip_accents"],
  ...ownFunctions.filter(({ takes }) => takes === undefined).map(({ name }) => name),
]);
