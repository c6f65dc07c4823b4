// A query once it is compiled: the SQL of each part, and where each value goes in a record.

import type { Field } from "../catalog/field.ts";
import type { SalesforceObject } from "../catalog/object.ts";
import type { Sql } from "./conditions.ts";
import type { ResolvedParent } from "./paths.ts";

/** One selected column: where it goes in a record, and what it holds. */
export interface SelectedColumn {
  /** Relationship names and the field's own, or the alias of an aggregate. */
  path: string[];
  field: Field;
  /** The SQL of each value: one, or one for each part of a compound address or of a TYPEOF. */
  expressions: string[];
  /** What a TYPEOF gives for each type of parent. */
  variants?: Variant[];
  aggregate: boolean;
}

/** A parent's type with the fields that a TYPEOF selects for it: their values follow the id of that parent. */
export interface Variant {
  type: string;
  fields: Field[];
}

export interface CompiledQuery {
  object: SalesforceObject;
  columns: SelectedColumn[];
  children: ChildQuery[];
  /** The parents that selected fields belong to, with the SQL of their ids. */
  parents: ResolvedParent[];
  /** SELECT COUNT() FROM …: the answer is a number, not records. */
  countOnly: boolean;
  grouped: boolean;
  /** The parts of the SQL, each empty or starting with its keyword. All parameters belong to `where`. */
  from: string;
  where: Sql;
  groupBy: string;
  orderBy: string;
  limit: number | undefined;
  offset: number;
  /** The alias of the object itself in the SQL. */
  root: string;
}

export interface ChildQuery {
  /** The relationship's name, under which the records go. */
  name: string;
  query: CompiledQuery;
  /** The child's lookup to the record. */
  lookup: Field;
  /** How many columns of the record come before it. */
  after: number;
}
