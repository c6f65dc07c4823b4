// Records that rows name by their key, as they are now. In: rows with the fields of a key. Out: SELECT of id, the fields as the
// target stores them, and `_key_`, folded as the keys of a plan are.

import type { FieldSchema } from "../../core/model.ts";
import { identifier } from "../../core/sql.ts";
import { foldKey } from "../../diff/keys.ts";
import type { Stream } from "../../job/job.ts";
import { storedReading } from "../../values/value.ts";
import { findNaming } from "../diff/naming-field.ts";
import { type RunContext, subfolder, targetOf } from "../run/context.ts";
import { readRecords } from "../run/read-records.ts";

interface Keyed {
  key: readonly FieldSchema[];
  /** Those of the key among them; none that shows another record's id. */
  fields: readonly FieldSchema[];
  /** A SELECT in brackets, with the key's fields. */
  rows: string;
  /** What the files are named by. */
  name: string;
}

export async function readKeyed(
  context: RunContext,
  stream: Stream,
  { key, fields, rows, name }: Keyed,
): Promise<string> {
  const { engine } = context;
  const target = targetOf(context, stream.target.connection);
  const by = (await findNaming(engine, target, key, rows))?.field.name;
  const names = key.map((field) => field.name);
  const present = await readRecords(
    { engine, target },
    {
      object: stream.target.object,
      fields: fields.map((field) => field.name),
      key: by === undefined ? names : [by, ...names.filter((one) => one !== by)],
      by: by ?? "",
      names:
        by === undefined
          ? undefined
          : `SELECT DISTINCT ${identifier(by)} AS name FROM ${rows} WHERE ${identifier(by)} IS NOT NULL`,
      folder: subfolder(context, "snapshot"),
      name: `${stream.name}-${name}`,
      signal: context.signal,
    },
  );
  const stored = fields.map((field) => {
    const { stored: kept, value } = target.render(field, identifier(field.name), "VARCHAR", storedReading);
    return `${kept ?? value} AS ${identifier(field.name)}`;
  });
  const id = identifier(target.capabilities.idColumn);
  return `SELECT *, ${foldKey(key)} AS _key_ FROM (SELECT ${id} AS _id_, ${stored.join(", ")} FROM ${present})`;
}
