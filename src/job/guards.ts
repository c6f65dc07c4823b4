// Limits on a plan: beyond them nothing of it is written.

/** A limit as a share of the rows (0 to 100) or as a number of rows. */
export type Threshold = { percent: number } | { count: number };

/**
 * Absent means: of `deletes` none in mode mirror, otherwise no limit; of `changed` and `creates` what earlier runs teach;
 * of the last two what is settled (diff/lost-values.ts, diff/history-guards.ts); of `sourceRowsMin` no limit.
 */
export interface Guards {
  changed?: Threshold;
  deletes?: Threshold;
  creates?: Threshold;
  sourceRowsMin?: number;
  /** Of the values that one field has. */
  blanked?: Threshold;
  /** Percent of what the last runs took of a whole source. */
  sourceRowsMinVsLast?: number;
}
