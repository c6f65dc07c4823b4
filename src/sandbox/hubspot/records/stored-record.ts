// A record as the portal keeps it, and what an update replaced.

/** Values by property name; a property that is not set is absent. Times and the id are columns, not values. */
export type Values = Record<string, string>;

export interface StoredRecord {
  id: number;
  values: Values;
  /** Epoch milliseconds. */
  createdAt: number;
  updatedAt: number;
  archived: boolean;
  archivedAt: number | undefined;
}

export interface Change {
  at: number;
  before: Record<string, string | null>;
}

/** A value that a property had, and since when. */
export interface Version {
  value: string;
  at: number;
}
