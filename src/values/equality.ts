// When the text of a field and the text that is to be written to it are one value, as SQL. Both sides are texts as the
// target stores them, so most are equal where the texts are. In: how the field compares. Out: BOOLEAN. What must hold: a
// coarser copy never overwrites the finer value that it came from: a time in whole seconds is every instant of its
// second, whatever fraction the target knows of it.

import type { FieldSchema } from "../core/model.ts";
import { foldSql } from "./fold.ts";

/** `second`: the target keeps whole seconds. `instant`: it keeps more, and what is written may know less. */
export type Equality = "exact" | "caseless" | "second" | "instant";

/** `tellsCase`: whether values that differ only in case are two, where the field's own list does not say it. */
export function equalityOf({ kind, wholeSeconds, picklist }: FieldSchema, tellsCase: boolean): Equality {
  if (kind === "datetime") return wholeSeconds === true ? "second" : "instant";
  return tellsCase && picklist?.caseless !== true ? "exact" : "caseless";
}

/** VARCHAR: equal texts are one value, as far as case goes. */
export function foldCase(equality: Equality, text: string): string {
  return equality === "caseless" ? foldSql(text) : text;
}

/** BOOLEAN, never NULL. Instants are texts such as `2021-08-06T13:18:21.000Z`. */
export function differs(equality: Equality, written: string, present: string): string {
  const texts = `${foldCase(equality, written)} IS DISTINCT FROM ${foldCase(equality, present)}`;
  if (equality !== "second" && equality !== "instant") return texts;
  const seconds = `left(${written}, 19) IS DISTINCT FROM left(${present}, 19)`;
  if (equality === "second") return seconds;
  return `${texts} AND (${seconds} OR substr(${written}, 20) <> '.000Z')`;
}
