// A field with nothing particular about it: what a connector does not say of one.

import type { FieldSchema } from "../../core/model.ts";

/** Text that can be written and emptied, unless it is said otherwise. */
export function fieldOf(field: Pick<FieldSchema, "name" | "vendorType"> & Partial<FieldSchema>): FieldSchema {
  return {
    label: field.name,
    kind: "text",
    createable: true,
    updateable: true,
    nillable: true,
    defaultedOnCreate: false,
    externalId: false,
    unique: false,
    caseSensitive: false,
    referenceTo: [],
    ...field,
  };
}
