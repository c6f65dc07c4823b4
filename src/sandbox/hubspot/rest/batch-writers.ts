// What create, update and upsert do with one input.

import type { ObjectType } from "../catalog/object-type.ts";
import type { Portal } from "../portal.ts";
import { findRecord } from "../records/find.ts";
import { readInlineLinks } from "../records/links.ts";
import type { StoredRecord } from "../records/stored-record.ts";
import { createRecord, updateRecord } from "../records/writer.ts";
import type { BatchInput } from "./batch-inputs.ts";

interface WriteContext {
  portal: Portal;
  type: ObjectType;
  strict: boolean;
  at: number;
}

/** Writes one input; undefined where its record is not there. `isNew` is what an upsert tells. */
export type InputWriter = (
  context: WriteContext,
  input: BatchInput,
) => { record: StoredRecord; isNew?: boolean } | undefined;

export const writeCreate: InputWriter = ({ portal, type, strict, at }, { properties, associations }) => {
  const links = readInlineLinks(portal, type, associations);
  const record = createRecord(portal, type, properties, at, strict);
  for (const { to, types } of links) portal.associations.link({ type, id: record.id }, to, types);
  return { record };
};

export const writeUpdate: InputWriter = ({ portal, type, strict, at }, { id, idProperty, properties }) => {
  const record = findRecord(portal, type, id, idProperty);
  return record && { record: updateRecord(portal, type, record, properties, at, strict) };
};

export const writeUpsert: InputWriter = (context, input) => {
  const { portal, type, strict, at } = context;
  const { id, idProperty, properties } = input;
  const record = findRecord(portal, type, id, idProperty);
  if (record !== undefined) return { record: updateRecord(portal, type, record, properties, at, strict), isNew: false };
  if (idProperty === undefined) return undefined;
  return { record: createRecord(portal, type, { [idProperty]: id, ...properties }, at, strict), isNew: true };
};
