// Calls of functions of ours inside what another of them reads: `proper(split_name(buyer).first)`. They are macros, in which
// the engine writes the argument wherever the body names it, so that a call inside a call inside a call takes seconds to
// bind, rows or not. Here each inner call becomes a column of its own, below the expression. In: the syntax tree of an
// expression. Out: those columns, and the expression over them. What must hold: the same values, and a failure for the same
// rows: what is taken out is computed for every row anyway, so nothing below CASE, COALESCE, TRY, AND, OR or a lambda is.

import { identifier } from "../core/sql.ts";
import { findOwnFunction } from "./functions.ts";
import { expressionOf, statementOf } from "./syntax-tree.ts";

/** An inner call, as a column of the rows that the expression is computed over. */
interface NestedCall {
  /** One for all expressions that make the same call. */
  name: string;
  sql: string;
}

export interface NestedCalls {
  /** In their order: a later one may use those before it. */
  calls: NestedCall[];
  /** The expression over the source's columns and theirs. */
  sql: string;
}

interface Node {
  class?: string;
  type?: string;
  function_name?: string;
  schema?: string;
  alias?: string;
  catalog?: string;
  children?: Node[];
  child?: Node;
  [key: string]: unknown;
}

/**
 * Undefined where no call is inside another. `tell`: the SQL of a statement's tree (stage/bind.ts). `nameCall`: a name for
 * the column that has these values.
 */
export async function takeNestedCalls(
  json: string,
  tell: (tree: string) => Promise<string>,
  nameCall: (sql: string) => string,
): Promise<NestedCalls | undefined> {
  const expression = expressionOf<Node>(json);
  const calls: NestedCall[] = [];
  const takeInner = async (node: Node, isArgument: boolean): Promise<Node> => {
    if (node.class === "CAST" && node.child !== undefined) {
      return { ...node, child: await takeInner(node.child, isArgument) };
    }
    if (node.children === undefined || !takesAll(node)) return node;
    const isOwn = node.class === "FUNCTION" && findOwnFunction(node.function_name ?? "") !== undefined;
    const children: Node[] = [];
    for (const [index, child] of node.children.entries()) {
      // Whatever else a function of ours takes, it may not look at for each row.
      children.push(!isOwn || index === 0 ? await takeInner(child, isArgument || isOwn) : child);
    }
    const taken = { ...node, children };
    if (!isOwn || !isArgument) return taken;
    // In a struct the alias is the name of a field.
    const sql = await tell(statementOf(json, { ...taken, alias: "" }));
    const name = nameCall(sql);
    if (!calls.some((call) => call.name === name)) calls.push({ name, sql });
    return columnOf(name, node.alias);
  };
  if (expression === undefined) return undefined;
  const outer = await takeInner(expression, false);
  if (calls.length === 0) return undefined;
  return { calls, sql: await tell(statementOf(json, outer)) };
}

/** Parts of a value, `split_name(buyer).first`. */
const extracts: ReadonlySet<string | undefined> = new Set(["STRUCT_EXTRACT", "ARRAY_EXTRACT"]);

/** Computes each of its children for every row. A call behind what it is called on, `buyer.proper()`, is left alone. */
function takesAll({ class: kind, type, schema = "", catalog = "" }: Node): boolean {
  if (extracts.has(type)) return true;
  return kind === "FUNCTION" && catalog === "" && ["", "main"].includes(schema);
}

function columnOf(name: string, alias = ""): Node {
  return { class: "COLUMN_REF", type: "COLUMN_REF", alias, query_location: 0, column_names: [name] };
}

/** SQL of the same expression, with columns in place of the calls; `reads_email(x)` is no call of `email`. */
export function overCalls(sql: string, nested: NestedCalls | undefined): string {
  return (nested?.calls ?? []).reduce((text, call) => {
    const written = new RegExp(`(?<![\\w"])${call.sql.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}`, "g");
    return text.replace(written, () => identifier(call.name));
  }, sql);
}
