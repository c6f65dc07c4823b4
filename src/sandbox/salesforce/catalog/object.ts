// What an object is: its names, its fields, and what the signed-in user may do with it.

import type { RecordTypeDefinition } from "../../schema-file.ts";
import type { Field } from "./field.ts";

export interface Access {
  /** Without it the object is not there for the user. */
  readable: boolean;
  queryable: boolean;
  createable: boolean;
  updateable: boolean;
  deletable: boolean;
}

export interface SalesforceObject {
  name: string;
  label: string;
  labelPlural: string;
  keyPrefix: string;
  custom: boolean;
  readOnly: boolean;
  access: Access;
  /** By developer name; none on most objects. */
  recordTypes: Readonly<Record<string, RecordTypeDefinition>>;
  fields: readonly Field[];
  /** A field by its name in any case. */
  field(name: string): Field | undefined;
  /** The lookup behind a relationship name in any case, for example Account → AccountId. */
  relationship(name: string): Field | undefined;
}
