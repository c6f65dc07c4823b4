// What a value becomes in a field of one type, as SQL. In: the column of a mapped value and its DuckDB type. Out: the text
// that is stored, and what is wrong with a value that has none. What must hold: text becomes a value by a full match of
// its grammar, never by a cast alone, since the engine's casts round, cut and guess; what a type can't hold exactly has no
// stored text. One file a type: number, boolean, day, instant, time. Nothing here runs SQL.

/** What happens to digits that a field has no room for; without it the value is refused. */
export type Rounding = "half_even" | "half_up" | "down";

/** What becomes of a local time that the clocks skip or pass twice. */
export type AmbiguousTime = "reject" | "earlier" | "later";

/** What a job says of how its values are read. */
export interface Reading {
  /** IANA time zone of times without one, and of the days that instants are. */
  timezone: string;
  onAmbiguousTime: AmbiguousTime;
  round?: Rounding;
  /** The source tells no value from an empty text, so that the latter is one; without it, it is no value. */
  tellsEmpty?: true;
}

/** How what a system holds is read: it is in UTC, and never rounded. */
export const storedReading: Reading = { timezone: "UTC", onAmbiguousTime: "reject" };

/** A column with mapped values. It is a column so that it may stand several times in what is written of it. */
export interface MappedValue {
  column: string;
  /** DuckDB's. */
  type: string;
}

/** SQL over the column of a mapped value. */
export interface StoredValue {
  /** VARCHAR in the one form that the type has for each value; NULL for no value and for what is none of the type. */
  stored: string;
  /** VARCHAR: what is wrong, to follow the value: `is not a number`. Means something only where there is no stored text. */
  complaint: string;
  /** BOOLEAN: the stored value is not the mapped one but rounded. Only where the reading rounds. */
  rounded?: string;
}

/** The mapped value as text. */
export function textOf({ column, type }: MappedValue): string {
  return type === "VARCHAR" ? column : `CAST(${column} AS VARCHAR)`;
}

/**
 * `body` over the value of `sql`, which is computed once. Without it a text that stands ten times is computed ten times,
 * since the engine's sharing of equal expressions is off. As a lambda over a list of one: 130 ns a row (measured), so it
 * stands where the quick tests have not answered yet. `body` should use nothing but `name`: a column costs ten times that.
 */
export function bind(name: string, sql: string, body: (name: string) => string): string {
  // No word of SQL ends so.
  const parameter = `${name}_`;
  return `list_transform([${sql}], lambda ${parameter}: ${body(parameter)})[1]`;
}

/** VARCHAR: a value as messages quote it. What is long is cut, since a message is to be read. */
export function quoted(text: string): string {
  return `'"' || left(${text}, 80) || '"'`;
}
