// A first expression for a column, from the values of a sample: what they all are, it makes of them.

/** Words that can't stand for a column without quotes. */
const reserved = new Set(
  `all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create default
  deferrable desc describe distinct do else end except false fetch for foreign from group having in initially intersect
  into lambda lateral leading limit not null offset on only or order pivot placing primary qualify references returning
  select show some summarize symmetric table then to trailing true union unique unpivot using variadic when where window
  with`.split(/\s+/),
);

const decimals: readonly [locale: string, pattern: RegExp][] = [
  ["de", /^[-+]?\d{1,3}(\.\d{3})*(,\d+)?$|^[-+]?\d+(,\d+)?$/],
  ["en", /^[-+]?\d{1,3}(,\d{3})*(\.\d+)?$|^[-+]?\d+(\.\d+)?$/],
];

/** An SQL expression over the column. Where several readings fit the values stay text. */
export function guessExpression(column: string, values: readonly string[]): string {
  const name = nameInSql(column);
  const given = values.map((value) => value.trim()).filter((value) => value !== "");
  if (given.length === 0) return `trim(${name})`;
  const date = guessDate(given);
  if (date !== undefined) return `parse_date(${name}, '${date}')`;
  const locale = guessLocale(given);
  if (locale !== undefined) return `parse_decimal(${name}, '${locale}')`;
  if (given.every((value) => /^(true|false|yes|no)$/i.test(value))) return `parse_bool(${name})`;
  if (given.every((value) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value))) return `email(${name})`;
  return `trim(${name})`;
}

function nameInSql(column: string): string {
  return /^[a-z_][a-z0-9_]*$/i.test(column) && !reserved.has(column.toLowerCase())
    ? column
    : `"${column.replaceAll('"', '""')}"`;
}

function guessDate(given: readonly string[]): string | undefined {
  if (given.every((value) => /^\d{4}-\d{2}-\d{2}$/.test(value))) return "%Y-%m-%d";
  if (given.every((value) => /^\d{1,2}\.\d{1,2}\.\d{4}$/.test(value))) return "%d.%m.%Y";
  const slashed = given.map((value) => /^(\d{1,2})\/(\d{1,2})\/\d{4}$/.exec(value));
  if (slashed.some((match) => match === null)) return undefined;
  const dayFirst = slashed.some((match) => Number(match?.[1]) > 12);
  const monthFirst = slashed.some((match) => Number(match?.[2]) > 12);
  return dayFirst === monthFirst ? undefined : dayFirst ? "%d/%m/%Y" : "%m/%d/%Y";
}

/** Whole numbers stay text: most of them are codes. */
function guessLocale(given: readonly string[]): string | undefined {
  if (!given.some((value) => /[.,]/.test(value)) || given.some((value) => /^[-+]?0\d/.test(value))) return undefined;
  const fitting = decimals.filter(([, pattern]) => given.every((value) => pattern.test(value)));
  return fitting.length === 1 ? fitting[0]?.[0] : undefined;
}
