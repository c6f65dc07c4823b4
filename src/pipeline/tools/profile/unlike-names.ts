// Names that can't be alike by Jaro-Winkler, from what letters they have: comparing two names in full takes five times as
// long. In: columns of a name. Out: SQL. Must hold: it never says so of names that reach the score.
//
// Of names of a and b bytes, of which m are found in the other, the similarity of Jaro is (m/a + m/b + (m-t)/m) / 3 at most
// (m/a + m/b + 1) / 3, and Winkler adds 0.4 of what is missing at most. A letter that only one has is not found in the other,
// and one that one has twice and the other once is found once: so m is known to be small before it is counted. The engine
// goes by bytes (measured, 1.5.5).

const letters = [..."abcdefghijklmnopqrstuvwxyz"];
const digits = [..."0123456789"];

/** Bytes. All in whole numbers of 32 bits: with others the pairs take five times as long (measured). */
export function sizeOf(name: string): string {
  return `strlen(${name})::INTEGER`;
}

/** A bit for each letter and digit that a name has, and one for each letter that it has twice. */
export function signsOf(name: string): string {
  const once = [...letters, ...digits].map((sign) => `contains(${name}, '${sign}')`);
  const twice = letters.map((sign) => `${name} LIKE '%${sign}%${sign}%'`);
  return [...once, ...twice]
    .map((has, bit) => `CASE WHEN ${has} THEN ${1n << BigInt(bit)} ELSE 0 END::UBIGINT`)
    .join(" | ");
}

/** `one` and `other` have `size` and `signs`. */
export function unlike(one: string, other: string, min: number): string {
  const found = (name: string, second: string) =>
    `(${name}.size - bit_count(${name}.signs & ~${second}.signs)::INTEGER)`;
  // m/a + m/b, in eighths.
  const least = Math.floor(8 * (3 * ((min - 0.4) / 0.6) - 1) + 1e-9);
  return `least(${found(one, other)}, ${found(other, one)}) * (${one}.size + ${other}.size) * 8 < ${least} * ${one}.size * ${other}.size`;
}
