// A SOQL query as SQL over the object tables.
// In: the query's text and the catalog. Out: SQL with its parameters, and the shape of the rows that it gives.
// Must hold: deleted records are seen by queryAll only; a column's place in a row is its place in `columns`.

import type {
  FieldFunctionExpression,
  FieldTypeOf,
  OrderByClause,
  FieldType as ParsedField,
  Query,
  Subquery,
  WhereClause,
} from "@jetstreamapp/soql-parser-js";
import type { Catalog } from "../catalog/catalog.ts";
import { field as defineField, isDouble } from "../catalog/field.ts";
import type { SalesforceObject } from "../catalog/object.ts";
import { ApiError } from "../errors.ts";
import { keyExpression } from "../store.ts";
import { childRelationship } from "./children.ts";
import type { ChildQuery, CompiledQuery, SelectedColumn, Variant } from "./compiled-query.ts";
import { compareField, type Sql } from "./conditions.ts";
import { type Comparison, type ConditionTree, conditionTree, malformedQuery, parseSoql } from "./parse.ts";
import { createPaths, type Paths, pointer, type ResolvedParent } from "./paths.ts";

interface Scope {
  catalog: Catalog;
  soql: string;
  all: boolean;
  paths: Paths;
}

const highestOffset = 2000;

/** Compiles a query. `all` includes deleted records. Throws an ApiError in Salesforce's words. */
export function compileSoql(catalog: Catalog, soql: string, all: boolean): CompiledQuery {
  return compileQuery(catalog, soql, parseSoql(soql), all, "t");
}

function compileQuery(catalog: Catalog, soql: string, query: Query, all: boolean, prefix: string): CompiledQuery {
  const object = findObject(catalog, soql, query.sObject ?? "");
  refuseUnsupported(query);
  const paths = createPaths(catalog, object, soql, query.sObjectAlias, prefix);
  const scope: Scope = { catalog, soql, all, paths };
  const { columns, children, countOnly } = selectColumns(scope, object, query);
  const groups = [query.groupBy ?? []].flat().map((group) => groupField(scope, "field" in group ? group.field : ""));
  const grouped = groups.length > 0 || columns.some((column) => column.aggregate);
  refuseUngrouped(
    columns,
    grouped,
    groups.map((group) => group.expression),
  );
  const parents = grouped ? [] : selectedParents(paths, columns);
  const where = whereSql(scope, query);
  const having = havingSql(scope, query, groups);
  const orderBy = orderBySql(scope, query);
  const offset = query.offset ?? 0;
  if (offset > highestOffset)
    throw new ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", `Maximum SOQL offset allowed is ${highestOffset}`);
  const groupBy = groups.length === 0 ? "" : ` GROUP BY ${groups.map((group) => group.expression).join(", ")}`;
  return {
    object,
    columns,
    children,
    parents,
    countOnly,
    grouped,
    from: `FROM ${paths.from()}`,
    where: { sql: where.sql, parameters: [...where.parameters, ...having.parameters] },
    groupBy: `${groupBy}${having.sql}`,
    orderBy,
    limit: query.limit,
    offset,
    root: paths.root,
  };
}

function findObject(catalog: Catalog, soql: string, name: string): SalesforceObject {
  const object = catalog.object(name);
  if (object?.access.queryable === false)
    throw new ApiError(400, "INVALID_TYPE_FOR_OPERATION", `entity type ${object.name} does not support query`);
  if (object !== undefined) return object;
  throw new ApiError(
    400,
    "INVALID_TYPE",
    `${pointer(soql, name)}sObject type '${name}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.`,
  );
}

function refuseUnsupported(query: Query): void {
  const refused: [string, unknown][] = [
    ["USING SCOPE", query.usingScope],
    ["WITH DATA CATEGORY", query.withDataCategory],
  ];
  for (const [clause, present] of refused)
    if (present !== undefined) throw malformedQuery(`the sandbox does not carry ${clause} of SOQL`);
}

// ---- SELECT ----

function selectColumns(
  scope: Scope,
  object: SalesforceObject,
  query: Query,
): { columns: SelectedColumn[]; children: ChildQuery[]; countOnly: boolean } {
  const selected = query.fields ?? [];
  const [first] = selected;
  if (first?.type === "FieldFunctionExpression" && isCountAll(first))
    return { columns: [], children: [], countOnly: true };
  const columns: SelectedColumn[] = [];
  const children: ChildQuery[] = [];
  let unnamed = 0;
  for (const item of selected) {
    if (item.type === "FieldFunctionExpression" && item.functionName.toUpperCase() === "FIELDS") {
      columns.push(...fieldsFunction(scope, object, item, query.limit));
    } else if (item.type === "FieldFunctionExpression") {
      columns.push(aggregateColumn(scope, item, item.alias ?? `expr${unnamed}`));
      if (item.alias === undefined) unnamed += 1;
    } else if (item.type === "FieldSubquery") {
      children.push({ ...childQuery(scope, object, item.subquery), after: columns.length });
    } else if (item.type === "FieldTypeof") {
      columns.push(typeofColumn(scope, item));
    } else columns.push(fieldColumn(scope, pathOf(item)));
  }
  const names = columns.map((column) => column.path.join(".").toLowerCase());
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new ApiError(400, "INVALID_FIELD", `duplicate field selected: ${twice}`);
  return { columns, children, countOnly: false };
}

function childQuery(scope: Scope, parent: SalesforceObject, subquery: Subquery): Omit<ChildQuery, "after"> {
  const { relationshipName, ...rest } = subquery;
  const { object, lookup } = childRelationship(scope.catalog, scope.soql, parent, relationshipName);
  const query = compileQuery(scope.catalog, scope.soql, { ...rest, sObject: object.name }, scope.all, "c");
  if (query.grouped || query.countOnly) throw malformedQuery("a subquery selects fields");
  return { name: lookup.childRelationshipName ?? relationshipName, query, lookup };
}

// A parent of a type that no WHEN names gets the fields of ELSE; without an ELSE it is null.
function typeofColumn(scope: Scope, { field: relationship, conditions }: FieldTypeOf): SelectedColumn {
  const { path, lookup, sources } = scope.paths.parents([relationship]);
  const named = (type: string) =>
    conditions.find(
      (condition) => condition.type === "WHEN" && condition.objectType?.toLowerCase() === type.toLowerCase(),
    );
  const variants: Variant[] = [];
  const expressions: string[] = [];
  for (const source of sources) {
    const condition = named(source.object.name) ?? conditions.find(({ type }) => type === "ELSE");
    if (condition === undefined) continue;
    const fields = condition.fieldList.map((name) => source.field(name));
    variants.push({ type: source.object.name, fields: fields.map(({ field }) => field) });
    expressions.push(source.idExpression, ...fields.map(({ expression }) => expression));
  }
  return { path, field: lookup, expressions, aggregate: false, variants };
}

function isCountAll(item: FieldFunctionExpression): boolean {
  return item.functionName.toUpperCase() === "COUNT" && item.parameters.length === 0;
}

function pathOf(item: ParsedField): string[] {
  if (item.type === "FieldRelationship") return [...item.relationships, item.field];
  if (item.type === "Field") return [item.field];
  throw malformedQuery(`the sandbox does not carry ${item.type} of SOQL`);
}

function fieldColumn(scope: Scope, names: readonly string[]): SelectedColumn {
  const resolved = scope.paths.field(names);
  const expressions =
    resolved.field.components === undefined
      ? [resolved.expression]
      : Object.values(resolved.field.components).map(resolved.part);
  return { path: resolved.path, field: resolved.field, expressions, aggregate: false };
}

function fieldsFunction(
  scope: Scope,
  object: SalesforceObject,
  item: FieldFunctionExpression,
  limit: number | undefined,
): SelectedColumn[] {
  const kind = String(item.parameters[0]).toUpperCase();
  if (kind !== "STANDARD" && (limit ?? Number.POSITIVE_INFINITY) > 200)
    throw malformedQuery("The SOQL FIELDS function must have a LIMIT of at most 200");
  return object.fields
    .filter((field) => kind === "ALL" || field.custom === (kind === "CUSTOM"))
    .map((field) => fieldColumn(scope, [field.name]));
}

function aggregateColumn(
  scope: Scope,
  item: Pick<FieldFunctionExpression, "functionName"> & { parameters?: readonly unknown[] | null },
  name: string,
): SelectedColumn {
  const fn = item.functionName.toUpperCase();
  const [parameter] = item.parameters ?? [];
  if (!["COUNT", "COUNT_DISTINCT", "MIN", "MAX", "SUM", "AVG"].includes(fn) || typeof parameter !== "string")
    throw malformedQuery(`the sandbox does not carry ${item.functionName}() of SOQL`);
  const { field, expression } = scope.paths.field(parameter.split("."));
  if ((fn === "SUM" || fn === "AVG") && !isDouble(field) && field.type !== "int")
    throw malformedQuery(`field ${field.name} does not support aggregate operator ${fn}`);
  const counts = fn.startsWith("COUNT");
  const sql = fn === "COUNT_DISTINCT" ? `count(DISTINCT ${keyExpression(field, expression)})` : `${fn}(${expression})`;
  const type = counts ? "int" : fn === "SUM" || fn === "AVG" ? "double" : field.type;
  return { path: [name], field: defineField(name, type), expressions: [sql], aggregate: true };
}

function groupField(scope: Scope, name: string): { expression: string } {
  if (name === "") throw malformedQuery("the sandbox groups by fields only");
  return scope.paths.field(name.split("."));
}

function refuseUngrouped(columns: readonly SelectedColumn[], grouped: boolean, groups: readonly string[]): void {
  if (!grouped) return;
  for (const column of columns)
    if (!column.aggregate && !groups.includes(column.expressions[0] ?? ""))
      throw malformedQuery(`Field must be grouped or aggregated: ${column.path.join(".")}`);
}

function selectedParents(paths: Paths, columns: readonly SelectedColumn[]): ResolvedParent[] {
  const parents = new Map<string, ResolvedParent>();
  for (const { path } of columns)
    for (let depth = 1; depth < path.length; depth += 1) {
      const names = path.slice(0, depth);
      if (!parents.has(names.join("."))) parents.set(names.join("."), paths.parent(names));
    }
  return [...parents.values()];
}

// ---- WHERE and ORDER BY ----

function whereSql(scope: Scope, query: Query): Sql {
  const live = scope.all ? undefined : `${scope.paths.root}."IsDeleted" = 0`;
  if (query.where === undefined) return { sql: live === undefined ? "" : ` WHERE ${live}`, parameters: [] };
  const { sql, parameters } = treeSql(conditionTree(query.where), (comparison) => comparisonSql(scope, comparison));
  return { sql: ` WHERE ${live === undefined ? sql : `${live} AND (${sql})`}`, parameters };
}

function havingSql(scope: Scope, query: Query, groups: readonly { expression: string }[]): Sql {
  if (query.having === undefined) return { sql: "", parameters: [] };
  if (groups.length === 0) throw malformedQuery("unexpected token: 'HAVING'");
  const { sql, parameters } = treeSql(conditionTree(query.having as WhereClause), (comparison) => {
    if ("valueQuery" in comparison) throw malformedQuery("HAVING compares with values");
    if ("fn" in comparison) {
      const { field, expressions } = aggregateColumn(scope, comparison.fn as FieldFunctionExpression, "");
      return compareField(field, expressions[0] ?? "", comparison);
    }
    const { field, expression } = scope.paths.field(comparison.field.split("."));
    if (!groups.some((group) => group.expression === expression))
      throw malformedQuery(`Field must be grouped or aggregated: ${comparison.field}`);
    return compareField(field, expression, comparison);
  });
  return { sql: ` HAVING ${sql}`, parameters };
}

function treeSql(tree: ConditionTree, compare: (comparison: Comparison) => Sql): Sql {
  if (tree.kind === "comparison") return compare(tree.comparison);
  if (tree.kind === "not") {
    const part = treeSql(tree.part, compare);
    return { sql: `NOT coalesce((${part.sql}), 0)`, parameters: part.parameters };
  }
  const parts = tree.parts.map((part) => treeSql(part, compare));
  return {
    sql: parts.map((part) => `(${part.sql})`).join(` ${tree.kind.toUpperCase()} `),
    parameters: parts.flatMap((part) => part.parameters),
  };
}

function comparisonSql(scope: Scope, comparison: Comparison): Sql {
  if ("fn" in comparison)
    throw malformedQuery(`the sandbox does not carry ${comparison.fn.functionName}() in WHERE of SOQL`);
  const { field, expression } = scope.paths.field(comparison.field.split("."));
  if (!("valueQuery" in comparison)) return compareField(field, expression, comparison);
  const inner = compileQuery(scope.catalog, scope.soql, comparison.valueQuery, scope.all, `${scope.paths.root}s`);
  const [column] = inner.columns;
  if (column === undefined || inner.columns.length !== 1) throw malformedQuery("a semi-join selects one field");
  const list = `SELECT ${column.expressions[0]} ${inner.from}${inner.where.sql}`;
  const { parameters } = inner.where;
  if (comparison.operator.toUpperCase() === "IN") return { sql: `${expression} IN (${list})`, parameters };
  // A null in the list or in the field would make SQL's answer neither yes nor no.
  return { sql: `NOT coalesce(${expression} IN (${list}), 0)`, parameters };
}

function orderBySql(scope: Scope, query: Query): string {
  const clauses = [query.orderBy ?? []].flat();
  return clauses.length === 0 ? "" : ` ORDER BY ${clauses.map((clause) => orderSql(scope, clause)).join(", ")}`;
}

function orderSql(scope: Scope, clause: OrderByClause): string {
  if (!("field" in clause)) {
    const { field, expressions } = aggregateColumn(scope, clause.fn as FieldFunctionExpression, "");
    return `${keyExpression(field, expressions[0] ?? "")} ${clause.order ?? "ASC"} NULLS ${clause.nulls ?? "FIRST"}`;
  }
  const { field, expression } = scope.paths.field(clause.field.split("."));
  // Ids sort as their numbers do, and those are the table's own order.
  const sortable =
    clause.field.toLowerCase() === "id" ? `${scope.paths.root}.serial` : keyExpression(field, expression);
  return `${sortable} ${clause.order ?? "ASC"} NULLS ${clause.nulls ?? "FIRST"}`;
}
