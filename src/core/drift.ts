// What a truth pass has found, as reports, JSON and the ledger have it.

/** Names are those of the JSON, and scripts read them: they never change. */
export interface StreamDrift {
  /** Rows of the source without a record. */
  onlySource: number;
  /** Records without a row; null where only those were read that rows name. */
  onlyTarget: number | null;
  /** Records of which a field differs. */
  different: number;
  /** Keys that several rows, or several records, have. */
  duplicates: number;
  /** Rows whose parent is not there. */
  orphans: number;
  /** Rows that can't be loaded, orphans and rows that share a key among them: their records count as being in the source. */
  rejected: number;
  /** What of the drift was not repaired. */
  left: number;
  /** Absent where all was compared. */
  sample?: SampledPart;
}

/** The part of the keys that was looked at, by their hash; another one each day, all of them in `parts` days. */
interface SampledPart {
  keys: number;
  of: number;
  /** From 1. */
  part: number;
  parts: number;
}

/** What is counted, in the order in which it is shown. */
export const driftCounts = [
  ["only source", "onlySource"],
  ["only target", "onlyTarget"],
  ["different", "different"],
  ["duplicates", "duplicates"],
  ["orphans", "orphans"],
  ["rejected", "rejected"],
  ["left", "left"],
] as const satisfies readonly (readonly [title: string, count: keyof StreamDrift])[];

export type DriftKind = "onlySource" | "onlyTarget" | "different" | "duplicate" | "orphan";

/** A line of drift/<stream>.csv. */
export interface DriftLine {
  key: string | null;
  kind: DriftKind;
  field: string | null;
  source: string | null;
  target: string | null;
}
