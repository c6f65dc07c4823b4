// SOQL text to a tree, by a real parser, with conditions nested as they bind.
// In: a query. Out: its parts. What the parser or Salesforce's grammar refuses is MALFORMED_QUERY in the vendor's form.
// https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql.htm

import {
  type Condition as ParsedCondition,
  parseQuery,
  type Query,
  type WhereClause,
} from "@jetstreamapp/soql-parser-js";
import { ApiError } from "../errors.ts";

/** A comparison as the parser gives it; the type is what remains once parentheses and NOT are resolved. */
export type Comparison =
  | Exclude<ParsedCondition, { openParen: number } & { field?: never; fn?: never }>
  | SubqueryComparison;

interface SubqueryComparison {
  field: string;
  operator: string;
  valueQuery: Query;
}

export type ConditionTree =
  | { kind: "and" | "or"; parts: ConditionTree[] }
  | { kind: "not"; part: ConditionTree }
  | { kind: "comparison"; comparison: Comparison };

const longestQuery = 100_000;

export function parseSoql(soql: string): Query {
  if (soql.length > longestQuery)
    throw new ApiError(
      400,
      "QUERY_TOO_COMPLICATED",
      `SOQL statements cannot be longer than ${longestQuery} characters.`,
    );
  try {
    return parseQuery(soql);
  } catch (error) {
    throw malformedQuery(unexpectedToken(error instanceof Error ? error.message : String(error)));
  }
}

export function malformedQuery(message: string): ApiError {
  return new ApiError(400, "MALFORMED_QUERY", message);
}

function unexpectedToken(message: string): string {
  const found = /found(?: -->|:) '(?<token>[^']*)'/.exec(message)?.groups?.["token"];
  if (found === undefined) return message.split("\n")[0] ?? message;
  return found === "" ? "unexpected token: '<EOF>'" : `unexpected token: '${found}'`;
}

type Token = "(" | ")" | "and" | "or" | "not" | Comparison;

/** The WHERE clause as a tree. Mixing AND and OR without parentheses is refused, as Salesforce does. */
export function conditionTree(where: WhereClause): ConditionTree {
  const tokens = flatten(where);
  const { tree, next } = readChain(tokens, 0);
  if (next !== tokens.length) throw malformedQuery("unexpected token: ')'");
  return tree;
}

// The parser leaves a chain whose links carry how many parentheses open before and close after them.
function flatten(where: WhereClause): Token[] {
  const tokens: Token[] = [];
  for (let link: WhereClause | undefined = where; link !== undefined; link = "right" in link ? link.right : undefined) {
    const { left } = link;
    for (let open = left?.openParen ?? 0; open > 0; open -= 1) tokens.push("(");
    if (left !== null && left !== undefined && "operator" in left) {
      tokens.push(left as Comparison);
      for (let close = left.closeParen ?? 0; close > 0; close -= 1) tokens.push(")");
    }
    if ("operator" in link) tokens.push(link.operator.toLowerCase() as Token);
  }
  return tokens;
}

function readChain(tokens: readonly Token[], start: number): { tree: ConditionTree; next: number } {
  let { tree, next } = readTerm(tokens, start);
  const parts = [tree];
  const joiner = tokens[next];
  while (tokens[next] === "and" || tokens[next] === "or") {
    if (tokens[next] !== joiner) throw malformedQuery(`unexpected token: '${String(tokens[next]).toUpperCase()}'`);
    ({ tree, next } = readTerm(tokens, next + 1));
    parts.push(tree);
  }
  return { tree: parts.length === 1 ? (parts[0] ?? tree) : { kind: joiner === "or" ? "or" : "and", parts }, next };
}

function readTerm(tokens: readonly Token[], start: number): { tree: ConditionTree; next: number } {
  const token = tokens[start];
  if (token === "not") {
    const { tree, next } = readTerm(tokens, start + 1);
    return { tree: { kind: "not", part: tree }, next };
  }
  if (token === "(") {
    const { tree, next } = readChain(tokens, start + 1);
    if (tokens[next] !== ")") throw malformedQuery("expecting a right parentheses, found '<EOF>'");
    return { tree, next: next + 1 };
  }
  if (token === undefined || typeof token === "string") throw malformedQuery(`unexpected token: '${token ?? "<EOF>"}'`);
  return { tree: { kind: "comparison", comparison: token }, next: start + 1 };
}
