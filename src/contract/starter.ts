// What `loadline init` writes for a system. Must hold: what is written here passes check against the sandbox, or of a database,
// which the sandbox does not play, against one with the table that is written beside it; it refers to every credential
// instead of holding it.

import type { FieldSchema } from "../core/model.ts";

export interface Starter {
  /** As the connection that records come from, and as the one that they go to. */
  source: StarterConnection;
  target: StarterConnection;
  /** Lines of .env.example: each variable, and where its value is found. */
  variables: string;
  /** Where the sandbox finds the files of a source of this name, below the project. Of systems that hold files. */
  sampleFolder?(name: string): string;
  /** Of systems that hold objects. */
  records?: StarterRecords;
  /** Of databases. */
  tables?: StarterTables;
}

export interface StarterTables {
  /** A job makes the table of its target. */
  createsTable: boolean;
  /** Why it is no target. */
  onlyRead?: string;
}

export interface StarterConnection {
  /** Below `connections:`. */
  name: string;
  /** YAML, as it stands below the name. */
  lines(name: string): string;
}

export interface StarterRecords {
  /** The object of people, and the names of its fields. */
  people: Record<"object" | "id" | "firstName" | "lastName" | "email" | "phone", string>;
  /** A field to know records by, for values of this length. */
  newKey(label: string, length: number): NewField;
  /** A field as the sandbox's schema file defines it. */
  define(field: FieldSchema): object;
  /** An object of the schema file with these fields beside its own. */
  extend(fields: Readonly<Record<string, object>>): object;
}

export interface NewField {
  name: string;
  definition: object;
  /** How it is made in the real system. */
  advice: string;
}
