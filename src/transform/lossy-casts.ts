// Casts that lose something without a word, as DuckDB makes them: CAST('1.5' AS INTEGER) is 2, and of
// CAST('2026-01-31 18:30' AS DATE) the time of day is gone. In: the syntax tree of an expression. Out: its casts to types
// that can't hold all that others can, and what each would lose of a value of a given type.
// https://duckdb.org/docs/stable/sql/data_types/typecasting

import { expressionOf, statementOf } from "./syntax-tree.ts";

interface Node {
  class?: string;
  function_name?: string;
  column_names?: string[];
  cast_type?: { id: string; type_info: { width?: number; scale?: number } | null };
  child?: Node;
  [key: string]: unknown;
}

export interface Cast {
  /** The type as SQL has it. */
  to: string;
  scale: number;
  /** What is cast, as a statement that DuckDB can turn into SQL again (json_deserialize_sql). */
  operand: string;
}

/** Casts of an expression, less those of what is rounded by a function that says so. */
export function findCasts(json: string): Cast[] {
  const casts: Cast[] = [];
  walk(expressionOf<Node>(json), (node) => {
    const { cast_type: type, child } = node;
    if (node.class !== "CAST" || type === undefined || child === undefined || isRounding(child)) return;
    const scale = type.type_info?.scale ?? 0;
    const to = type.id === "DECIMAL" ? `DECIMAL(${type.type_info?.width ?? 18}, ${scale})` : type.id;
    casts.push({ to, scale, operand: statementOf(json, child) });
  });
  return casts;
}

function walk(value: unknown, visit: (node: Node) => void): void {
  if (value === null || typeof value !== "object") return;
  if (!Array.isArray(value)) visit(value as Node);
  for (const child of Object.values(value)) walk(child, visit);
}

const roundings = new Set(["round", "round_even", "floor", "ceil", "ceiling", "trunc", "even"]);

function isRounding({ class: kind, function_name: name = "" }: Node): boolean {
  return kind === "FUNCTION" && roundings.has(name.toLowerCase());
}

const whole = /^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/;
const binary = /^(DOUBLE|FLOAT)$/;

/** What is lost where a value of the type `from` is cast; undefined where nothing is, or where that is what a cast is for. */
export function tellLoss({ to, scale }: Cast, from: string): string | undefined {
  const isText = from === "VARCHAR";
  const decimals = /^DECIMAL\(\d+, ?(?<scale>\d+)\)$/.exec(from)?.groups?.["scale"];
  const isFractional = isText || binary.test(from) || Number(decimals ?? 0) > 0;
  if (whole.test(to)) return isFractional ? "rounds 1.5 to 2" : undefined;
  if (to.startsWith("DECIMAL")) {
    const isCut = isText || binary.test(from) || Number(decimals ?? 0) > scale;
    return isCut ? `rounds to ${scale} decimals` : undefined;
  }
  if (binary.test(to)) return isText ? `keeps ${to === "DOUBLE" ? 15 : 6} digits` : undefined;
  if (!isText) return undefined;
  if (to === "DATE") return "leaves out a time of day";
  return to === "TIME" ? "leaves out a date" : undefined;
}
