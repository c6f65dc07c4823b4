// Which rows a reader of text certainly reads. A careful pass catches failures by TRY, which computes all rows around one
// that fails one by one: thirty times as long (measured). Where only readers of ours can fail, the rows that they certainly
// read are computed together, and TRY has the others. In: the syntax tree of an expression. Out: the calls to ask, or that
// something else may fail. What must hold: where all of them say yes, the expression fails for no row.

import { expressionOf, statementOf } from "./syntax-tree.ts";

interface Node {
  class?: string;
  type?: string;
  function_name?: string;
  schema?: string;
  children?: Node[];
  [key: string]: unknown;
}

const prefix = "reads_";

/** `harmless`: functions of one text that fail for none. */
interface KnownFunctions {
  readers: ReadonlySet<string>;
  harmless: ReadonlySet<string>;
}

/**
 * The readers that an expression calls, each as a statement that asks whether it reads its text (`defineQuestions`), as JSON
 * for json_deserialize_sql. Undefined where the expression may fail otherwise.
 */
export function askReaders(json: string, { readers, harmless }: KnownFunctions): string[] | undefined {
  const calls: Node[] = [];
  const visit = (node: Node | undefined): boolean => {
    const [first, ...others] = node?.children ?? [];
    if (node?.class === "COLUMN_REF") return true;
    if (node?.type === "OPERATOR_NOT") return first?.function_name === "parse_bool" && visit(first);
    if (node?.type === "OPERATOR_COALESCE") return (node.children ?? []).every(visit);
    const isPlain = node?.class === "FUNCTION" && ["", "main"].includes(node.schema ?? "");
    if (!isPlain || first === undefined) return false;
    const name = (node.function_name ?? "").toLowerCase();
    const isReader = readers.has(name);
    if (!isReader && !harmless.has(name)) return false;
    if (!others.every((other) => isConstant(other) || (isReader && other.class === "COLUMN_REF"))) return false;
    if (isReader) calls.push(node);
    return visit(first);
  };
  if (!visit(expressionOf<Node>(json))) return undefined;
  return calls.map((call) => statementOf(json, { ...call, function_name: prefix + call.function_name?.toLowerCase() }));
}

/** Or a list of such. */
function isConstant(node: Node): boolean {
  if (node.class === "CONSTANT") return true;
  return node.function_name === "list_value" && (node.children ?? []).every(isConstant);
}

/** Statements that define the questions. */
export function defineQuestions(questions: Readonly<Record<string, string>>): string[] {
  return Object.entries(questions).map(([name, macro]) => `CREATE OR REPLACE MACRO ${prefix}${name}${macro}`);
}
