// Values of a field that a job file gives: the limits and the choices of a rule. In: text as it is typed. Out: the value as
// the target would store it, and SQL that compares with it. Must hold: a constant is read as a cell of the source would
// be, so that it is the value exactly; one that the field can't hold is refused at its place.

import { mappedName, renderedName } from "../../core/columns.ts";
import { withArticle } from "../../core/counted.ts";
import type { FieldKind, FieldSchema } from "../../core/model.ts";
import { identifier, literal } from "../../core/sql.ts";
import type { Diagnostic } from "../../job/diagnostics.ts";
import type { Rule, Written } from "../../job/rule.ts";
import type { Choices, CompiledRule } from "../../validate/checks.ts";
import { equalityOf, foldCase } from "../../values/equality.ts";
import { complainAboutLimit, isBeyond } from "../../values/number-limits.ts";
import type { CompileInput } from "./bind-expression.ts";

type Limits = NonNullable<CompiledRule["limits"]>;
type Side = "below" | "above";

export interface RuledField {
  schema: FieldSchema;
  /** DuckDB's, of the stored value. */
  type: string;
}

/**
 * How values of a field are told apart by order: numbers by their digits; times, and days, by their stored text, which is
 * written so that a later one is greater; what is written to a file by the type of its expression.
 */
type Order = "number" | "time" | "typed";

interface Limit {
  /** As the field would store it. */
  stored: string;
  order: Order;
}

/** `min` and `max` of a rule. */
export async function compileLimits(
  input: CompileInput,
  { min, max }: Rule,
  ruled: RuledField,
  problems: Diagnostic[],
): Promise<Limits> {
  const { schema, type } = ruled;
  const least = min === undefined ? undefined : await readLimit(input, min, ruled, problems);
  const most = max === undefined ? undefined : await readLimit(input, max, ruled, problems);
  if (least !== undefined && most !== undefined && max !== undefined) {
    const start = least.order === "typed" ? `CAST(${literal(least.stored)} AS ${type})` : literal(least.stored);
    const { crossed } = await input.engine.one(`SELECT ${isPast(start, "above", most, type)} AS crossed`);
    if (crossed === true)
      problems.push({ place: max.place, length: max.text.length, message: "max is below min: no value has both" });
  }
  const limit = (name: "min" | "max", side: Side, found: Limit | undefined): Limits => {
    if (found === undefined) return [];
    const column = found.order === "typed" ? identifier(schema.name) : renderedName(schema.name);
    const isTime = found.order === "time" || /^(DATE|TIME)/.test(type);
    const words = isTime ? { below: "is before", above: "is after" } : { below: "is less than", above: "is more than" };
    return [{ name, condition: isPast(column, side, found, type), message: `${words[side]} ${found.stored}` }];
  };
  return [...limit("min", "below", least), ...limit("max", "above", most)];
}

function isPast(column: string, side: Side, { stored, order }: Limit, type: string): string {
  if (order === "number") return isBeyond(column, side, stored);
  const limit = order === "typed" ? `CAST(${literal(stored)} AS ${type})` : literal(stored);
  return `${column} ${side === "below" ? "<" : ">"} ${limit}`;
}

/** Undefined where that is a problem. */
async function readLimit(
  input: CompileInput,
  { text, place }: Written,
  ruled: RuledField,
  problems: Diagnostic[],
): Promise<Limit | undefined> {
  const { schema } = ruled;
  const at = { place, length: text.length };
  const order = orderOf(ruled);
  if (order === undefined) {
    const message = `min and max go with numbers, dates and times; ${schema.name} is ${withArticle(schema.vendorType)}`;
    problems.push({
      ...at,
      message,
      next: "min_length and max_length count characters, pattern says how a text looks",
    });
    return undefined;
  }
  const { stored, complaint } =
    order === "typed" ? await readAsType(input, text, ruled.type) : await storeConstant(input, schema, text);
  const tooLong = stored === null || order !== "number" ? undefined : complainAboutLimit(stored);
  const wrong = complaint ?? (stored === null ? "is no value" : tooLong);
  if (wrong === undefined && stored !== null) return { stored, order };
  problems.push({ ...at, message: `${schema.name}: ${wrong}` });
  return undefined;
}

const orders: Readonly<Partial<Record<FieldKind, Order>>> = {
  number: "number",
  integer: "number",
  date: "time",
  datetime: "time",
  time: "time",
};

function orderOf({ schema, type }: RuledField): Order | undefined {
  if (schema.kind !== "text" || schema.picklist !== undefined) return orders[schema.kind];
  return /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL|DATE|TIME)/.test(type) ? "typed" : undefined;
}

const dayText = "[0-9]{4}-[0-9]{2}-[0-9]{2}";
const clockText = "[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.][0-9]{1,6})?";

/** What is written into a file has a type of the engine: the limit is one whose every digit the type keeps. */
async function readAsType({ engine }: CompileInput, text: string, type: string): Promise<Constant> {
  const grammars: readonly [RegExp, string, string][] = [
    [/^TIMESTAMP WITH/, `${dayText}T${clockText}Z`, "a time in UTC, such as 2026-01-31T08:00:00Z"],
    [/^TIMESTAMP/, `${dayText}[T ]${clockText}`, "a date and time, such as 2026-01-31T08:00:00"],
    [/^TIME/, clockText, "a time of day, such as 08:00:00"],
    [/^DATE/, dayText, "a date, such as 2026-01-31"],
    [/^/, "-?[0-9]+(?:[.][0-9]+)?", "a number"],
  ];
  const [, grammar, what] = grammars.find(([name]) => name.test(type)) ?? [/^/, "", ""];
  const isNumber = !/^(DATE|TIME)/.test(type);
  const read = `TRY_CAST(${literal(text)} AS ${type})`;
  const isExact = isNumber
    ? `CAST(${read} AS DECIMAL(38, 12)) = TRY_CAST(${literal(text)} AS DECIMAL(38, 12))`
    : "true";
  const { held } = await engine.one(`SELECT ${read} IS NOT NULL AND coalesce(${isExact}, false) AS held`);
  const fits = new RegExp(`^${grammar}$`).test(text) && held === true;
  return { stored: text, complaint: fits ? undefined : `"${text}" is not ${what} that ${type} holds exactly` };
}

/** `one_of` of a rule. */
export async function compileChoices(
  input: CompileInput,
  written: readonly Written[],
  schema: FieldSchema,
  problems: Diagnostic[],
): Promise<Choices> {
  const stored: string[] = [];
  for (const { text, place } of written) {
    const constant = await storeConstant(input, schema, text);
    const wrong =
      constant.complaint ?? (constant.stored === null ? "a blank is no value, and passes anyway" : undefined);
    if (wrong !== undefined)
      problems.push({ place, length: Math.max(1, text.length), message: `${schema.name}: ${wrong}` });
    else if (constant.stored !== null) stored.push(constant.stored);
  }
  const equality = equalityOf(schema, schema.picklist !== undefined || schema.caseSensitive);
  return { stored, fold: (sql) => foldCase(equality, sql) };
}

interface Constant {
  stored: string | null;
  complaint: string | undefined;
}

/** As a row with this text would be judged. */
async function storeConstant(
  { engine, target, job }: CompileInput,
  schema: FieldSchema,
  text: string,
): Promise<Constant> {
  const mapped = mappedName(schema.name);
  const { timezone, onAmbiguousTime = "reject" } = job;
  const { value, invalid } = target.render(schema, mapped, "VARCHAR", { timezone, onAmbiguousTime });
  const stored = renderedName(schema.name);
  const complaint = invalid === undefined ? "NULL" : `CASE WHEN ${invalid.condition} THEN ${invalid.message} END`;
  const row = await engine.one(`SELECT ${stored} AS stored, ${complaint} AS complaint
    FROM (SELECT *, ${value} AS ${stored} FROM (SELECT ${literal(text)} AS ${mapped}))`);
  const textOf = (name: string) => (row[name] === null ? null : String(row[name]));
  return { stored: textOf("stored"), complaint: textOf("complaint") ?? undefined };
}
