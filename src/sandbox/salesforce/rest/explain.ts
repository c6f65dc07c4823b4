// How a query would be answered, without answering it. In: SOQL. Out: plans, the best one first.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query_performance_feedback.htm
// Numbers of records are counted here and estimated there; the costs are this project's, below 1 where an index helps.

import { identifier } from "../../../core/sql.ts";
import { type Answer, json } from "../../routes.ts";
import type { Field } from "../catalog/field.ts";
import type { Org } from "../org.ts";
import { compileSoql } from "../soql/compile.ts";
import { conditionTree, parseSoql } from "../soql/parse.ts";
import { rowLimit } from "../soql/rows.ts";
import { prepareRows } from "../store.ts";

/** Up to this share of an object's records an index is worth it (30 % of a million, 10 % for custom indexes). */
const selectiveShare = 0.1;
const ownIndexes: ReadonlySet<string> = new Set([
  "Id",
  "Name",
  "OwnerId",
  "CreatedDate",
  "SystemModstamp",
  "RecordTypeId",
]);

interface Plan {
  cardinality: number;
  fields: string[];
  leadingOperationType: "Index" | "TableScan";
  notes: { description: string; fields: string[]; tableEnumOrId: string }[];
  relativeCost: number;
  sobjectCardinality: number;
  sobjectType: string;
}

export function explainQuery(org: Org, soql: string): Answer {
  const query = compileSoql(org.catalog, soql, false);
  const { object } = query;
  const { database } = org.store;
  const count = (sql: string, parameters: readonly unknown[] = []): number =>
    prepareRows<[number]>(database, sql).get(...(parameters as string[]))?.[0] ?? 0;
  const all = count(`SELECT count(*) FROM ${identifier(object.name)} WHERE "IsDeleted" = 0`);
  const matching = `SELECT 1 ${query.from}${query.where.sql}${rowLimit(query)}`;
  const cardinality = count(`SELECT count(*) FROM (${matching})`, query.where.parameters);
  const filtered = filteredFields(soql).flatMap((name) => object.field(name) ?? []);
  const indexed = filtered.filter(isIndexed).map(({ name }) => name);
  const plan = (differs: Partial<Plan>): Plan => ({
    ...{ cardinality, fields: [], leadingOperationType: "TableScan", notes: [] },
    ...{ relativeCost: 1, sobjectCardinality: all, sobjectType: object.name },
    ...differs,
  });
  const plans = [plan({})];
  if (indexed.length > 0) {
    const relativeCost = Math.round((1000 * cardinality) / Math.max(1, all * selectiveShare)) / 1000;
    plans.push(plan({ fields: indexed, leadingOperationType: "Index", relativeCost }));
  }
  for (const { name } of filtered.filter((field) => !isIndexed(field))) {
    const note = { description: "Not considering filter for optimization because unindexed", fields: [name] };
    plans[0]?.notes.push({ ...note, tableEnumOrId: object.name });
  }
  plans.sort((left, right) => left.relativeCost - right.relativeCost);
  return json(200, { plans, sourceQuery: soql });
}

function isIndexed({ name, externalId, unique, type }: Field): boolean {
  return externalId || unique || type === "reference" || ownIndexes.has(name);
}

/** Names in its conditions. */
function filteredFields(soql: string): string[] {
  const { where } = parseSoql(soql);
  if (where === undefined) return [];
  const names = new Set<string>();
  const collect = (tree: unknown): void => {
    if (Array.isArray(tree)) tree.forEach(collect);
    else if (typeof tree === "object" && tree !== null) {
      for (const [key, value] of Object.entries(tree)) {
        if (key === "field" && typeof value === "string") names.add(value);
        else collect(value);
      }
    }
  };
  collect(conditionTree(where));
  return [...names];
}
