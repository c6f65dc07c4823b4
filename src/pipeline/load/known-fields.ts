// The fields of a stream as its target describes them. In: names. Out: what is known of each; a name that it does not have
// is left out.

import type { Target } from "../../contract/target.ts";
import type { FieldSchema } from "../../core/model.ts";
import type { Stream } from "../../job/job.ts";

/** What the target knows of a stream's fields. */
export async function resolveFields(target: Target, stream: Stream, names: readonly string[]): Promise<FieldSchema[]> {
  const schema = await target.describe(stream.target.object);
  const fields = await Promise.all(names.map((name) => target.resolveField(schema, name)));
  return fields.filter((field) => field !== undefined);
}
