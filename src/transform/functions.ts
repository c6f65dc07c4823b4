// What expressions may call: DuckDB's pure scalar functions, and a few of ours for CRM data, written as macros.

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
 * - email(text): trimmed and lower-cased, null when blank
 * - proper(text): Each Word Capitalised, null when blank
 * - parse_bool(text): yes/no, y/n, true/false, t/f, 1/0, on/off in any case; null when blank, an error else
 * - parse_decimal(text, locale): 'de' and its like read 1.234,56; 'en' reads 1,234.56; 'fr' reads 1 234,56
 * - parse_date(text, format): DuckDB's strptime format, '%d.%m.%Y' say; null when blank
 */
export function defineFunctions(runStart: Date, timezone: string): string[] {
  const start = `TIMESTAMPTZ '${runStart.toISOString()}'`;
  const today = `CAST(timezone('${timezone}', ${start}) AS DATE)`;
  const commaLocales =
    "('de', 'es', 'it', 'nl', 'pt', 'da', 'id', 'tr', 'fr', 'pl', 'cs', 'sv', 'nb', 'fi', 'ru', 'uk')";
  return [
    `CREATE MACRO now() AS ${start}`,
    `CREATE MACRO get_current_timestamp() AS ${start}`,
    `CREATE MACRO current_timestamp() AS ${start}`,
    `CREATE MACRO today() AS ${today}`,
    `CREATE MACRO current_date() AS ${today}`,
    "CREATE MACRO email(value) AS nullif(lower(trim(value)), '')",
    `CREATE MACRO proper(value) AS nullif(array_to_string(list_transform(string_split(trim(value), ' '),
      lambda word: upper(left(word, 1)) || lower(substring(word, 2))), ' '), '')`,
    `CREATE MACRO parse_bool(value) AS CASE lower(trim(value)) WHEN '' THEN NULL
      WHEN 'yes' THEN true WHEN 'y' THEN true WHEN 'true' THEN true WHEN 't' THEN true WHEN '1' THEN true WHEN 'on' THEN true
      WHEN 'no' THEN false WHEN 'n' THEN false WHEN 'false' THEN false WHEN 'f' THEN false WHEN '0' THEN false
      WHEN 'off' THEN false ELSE CAST(value AS BOOLEAN) END`,
    `CREATE MACRO parse_decimal(value, locale) AS CAST(nullif(CASE WHEN lower(left(locale, 2)) IN ${commaLocales}
      THEN replace(regexp_replace(trim(value), '[.\\s\\x{00a0}\\x{202f}]', '', 'g'), ',', '.')
      ELSE regexp_replace(trim(value), '[,\\s\\x{00a0}\\x{202f}]', '', 'g') END, '') AS DECIMAL(38, 10))`,
    "CREATE MACRO parse_date(value, format) AS CAST(strptime(nullif(trim(value), ''), format) AS DATE)",
  ];
}
