// Texts of values as databases write them, for those that others hold too: in full, as regular expressions of DuckDB's.

/** Of the years 0 to 9999. */
export const isoDay = String.raw`\d{4}-\d\d-\d\d`;
/** Before 24:00, to the microsecond. */
export const isoClock = String.raw`([01]\d|2[0-3]):\d\d:\d\d(\.\d{1,6})?`;
export const plainNumber = String.raw`-?\d+(\.\d+)?`;
/** As doubles are written. */
export const doubleNumber = String.raw`-?\d+(\.\d+)?(e[+-]\d+)?`;

export const noNumber = "is no number that others can hold";
export const noDay = "is no day of the years 1 to 9999";
export const noClock = "is no time of a day before 24:00";
