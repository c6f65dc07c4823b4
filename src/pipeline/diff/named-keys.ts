// The rows that a person names by their keys (`--keys`). What must hold: a named key goes through the same grammar and the
// same folding as the key of a row; one that can be no key of the field is refused, and never another row's.

import type { Target } from "../../contract/target.ts";
import { mappedName, renderedName } from "../../core/columns.ts";
import { usageFailure } from "../../core/errors.ts";
import type { FieldSchema } from "../../core/model.ts";
import { identifier, literal } from "../../core/sql.ts";
import { foldKey } from "../../diff/keys.ts";
import { countOf } from "../../report/numbers.ts";
import type { Engine } from "../../stage/engine.ts";
import { storedReading } from "../../values/value.ts";

/** As decisions about rows in doubt and plans show the key of several fields. */
const between = ", ";

export interface NamedKeysInput {
  engine: Engine;
  target: Target;
  /** Of messages: "Contact". */
  object: string;
  key: readonly FieldSchema[];
  timezone: string;
  /** As they stand in the file. */
  named: readonly string[];
}

/** SQL over `_key_`, true for the rows that are named. Throws a Failure (2) for what can be no key. */
export async function selectNamed(input: NamedKeysInput): Promise<string> {
  const { engine, key, named, object } = input;
  if (key.length === 0) {
    throw usageFailure(`--keys names rows by target.key, and the rows for ${object} have none`, {
      next: "take the streams that have one (--streams), or use --limit",
    });
  }
  const names = key.map(({ name }) => name).join(between);
  const rows = named.map((text, place) => {
    const parts = key.length === 1 ? [text] : text.split(between);
    if (parts.length === key.length) return `(${place}, ${parts.map(literal).join(", ")})`;
    throw usageFailure(`--keys: "${text}" is not the key of a record: it wants ${names}, separated by "${between}"`);
  });
  const mapped = ["place", ...key.map(({ name }) => mappedName(name))].join(", ");
  await engine.run(`CREATE OR REPLACE TEMP TABLE named_keys AS SELECT * FROM (VALUES ${rows.join(", ")}) t(${mapped})`);
  const reading = { ...storedReading, timezone: input.timezone };
  for (const field of key) {
    const { value, invalid } = input.target.render(field, mappedName(field.name), "VARCHAR", reading);
    await engine.run(
      `CREATE OR REPLACE TEMP TABLE named_keys AS SELECT *, ${value} AS ${renderedName(field.name)} FROM named_keys`,
    );
    if (invalid === undefined) continue;
    const [bad] = await engine.all(
      `SELECT place, ${invalid.message} AS message FROM named_keys WHERE ${invalid.condition} ORDER BY place LIMIT 1`,
    );
    if (bad === undefined) continue;
    throw usageFailure(`--keys: no ${object} can have the key "${named[Number(bad["place"])] ?? ""}"`, {
      why: `${field.name}: ${String(bad["message"])}`,
    });
  }
  return `_key_ IN (SELECT key FROM (${foldNamed(key)}))`;
}

function foldNamed(key: readonly FieldSchema[]): string {
  const columns = key.map(({ name }) => `${renderedName(name)} AS ${identifier(name)}`);
  return `SELECT _place_ AS place, ${foldKey(key)} AS key FROM (SELECT place AS _place_, ${columns.join(", ")} FROM named_keys)`;
}

/** SELECT of the keys of rows that a run takes. */
export function selectTaken(stage: string, key: readonly FieldSchema[]): string {
  return `SELECT ${foldKey(key)} AS key FROM ${identifier(stage)} WHERE _state_ IN (0, 1)`;
}

const missingShownMax = 5;

export interface MissingInput extends Pick<NamedKeysInput, "engine" | "key" | "named"> {
  /** SELECT of the keys that rows have, folded. */
  taken: string;
  /** Keys are not shown. */
  isHidden: boolean;
}

/** After `selectNamed`: that keys are of no row that the run takes; undefined where all are there. */
export async function tellMissing({ engine, key, named, taken, isHidden }: MissingInput): Promise<string | undefined> {
  const missing = await engine.all(`SELECT place FROM (${foldNamed(key)}) ANTI JOIN (${taken}) USING (key) ORDER BY 1`);
  if (missing.length === 0) return undefined;
  const shown = missing.slice(0, missingShownMax).map(({ place }) => `"${named[Number(place)] ?? ""}"`);
  const more = missing.length > missingShownMax ? ", …" : "";
  const what = isHidden ? "" : `: ${shown.join(", ")}${more}`;
  return `--keys: ${missing.length} of ${countOf(named.length, "key")} ${missing.length === 1 ? "is" : "are"} in no row${what}`;
}
