// Field paths in SOQL: a field of the object itself, or of a parent up to five steps away.
// In: names as written. Out: the SQL expression, the field, and the joins that it needs.
// Must hold: errors are Salesforce's own words, because clients match them.

import { identifier } from "../../../core/sql.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Field } from "../catalog/field.ts";
import type { SalesforceObject } from "../catalog/object.ts";
import { ApiError } from "../errors.ts";

const deepestPath = 5;

/** The records that one step of a path leads to; more than one object for a polymorphic lookup. */
interface Joined {
  sources: { object: SalesforceObject; alias: string }[];
  /** Relationship names from the start, in the catalog's spelling. */
  path: string[];
}

interface ResolvedField {
  field: Field;
  /** SQL for the field's value. */
  expression: string;
  path: string[];
  /** SQL for one part of a compound field. */
  part(name: string): string;
}

/** The parent on a path: what JSON answers nest under. */
export interface ResolvedParent {
  path: string[];
  idExpression: string;
  /** The type in `attributes`: Name stands for a polymorphic parent. */
  type: string;
}

/** One object that a polymorphic parent can be. */
interface ParentSource {
  object: SalesforceObject;
  idExpression: string;
  /** A field of this object only. */
  field(name: string): { field: Field; expression: string };
}

export interface Paths {
  field(names: readonly string[]): ResolvedField;
  parent(names: readonly string[]): ResolvedParent;
  /** The lookup behind a relationship of the object, and what it can lead to. */
  parents(names: readonly string[]): { path: string[]; lookup: Field; sources: ParentSource[] };
  /** FROM and LEFT JOINs for everything resolved so far. */
  from(): string;
  /** The alias of the object itself. */
  root: string;
}

/** Resolves paths from an object. `prefix` keeps the aliases of a subquery apart; `soql` is quoted in errors. */
export function createPaths(
  catalog: Catalog,
  object: SalesforceObject,
  soql: string,
  alias: string | undefined,
  prefix: string,
): Paths {
  const root = `${prefix}0`;
  const joins: string[] = [];
  const follow = parentJoiner(catalog, soql, prefix, joins);
  const start: Joined = { sources: [{ object, alias: root }], path: [] };
  const ownNames = [object.name.toLowerCase(), alias?.toLowerCase()];

  function walk(names: readonly string[]): Joined {
    const steps = ownNames.includes(names[0]?.toLowerCase() ?? "") ? names.slice(1) : names;
    if (steps.length > deepestPath)
      throw new ApiError(400, "INVALID_FIELD", "only 5 levels of relationship are allowed");
    return steps.reduce(follow, start);
  }

  return {
    root,
    field(names) {
      const at = walk(names.slice(0, -1));
      const name = names.at(-1) ?? "";
      const holders = at.sources.filter((source) => source.object.field(name) !== undefined);
      const [first] = holders;
      const found = first?.object.field(name);
      if (found === undefined)
        throw unknownColumn(soql, name, at.sources.length > 1 ? "Name" : (at.sources[0]?.object.name ?? ""));
      const of = (column: string): string => coalesce(holders.map((source) => `${source.alias}.${identifier(column)}`));
      return { field: found, path: [...at.path, found.name], expression: of(found.name), part: of };
    },
    parent(names) {
      const at = walk(names);
      return {
        path: at.path,
        idExpression: coalesce(at.sources.map((source) => `${source.alias}."Id"`)),
        type: at.sources.length > 1 ? "Name" : (at.sources[0]?.object.name ?? ""),
      };
    },
    parents(names) {
      const at = walk(names);
      const lookup = object.relationship(names.at(-1) ?? "");
      if (lookup === undefined || at.path.length !== 1) throw unknownRelationship(soql, names.join("."));
      return {
        path: at.path,
        lookup,
        sources: at.sources.map((source) => ({
          object: source.object,
          idExpression: `${source.alias}."Id"`,
          field(name) {
            const field = source.object.field(name);
            if (field === undefined || field.components !== undefined)
              throw unknownColumn(soql, name, source.object.name);
            return { field, expression: `${source.alias}.${identifier(field.name)}` };
          },
        })),
      };
    },
    from: () => [`${identifier(object.name)} ${root}`, ...joins].join(" "),
  };
}

/** Follows one relationship, adding a join for each object it can lead to, once however often it is followed. */
function parentJoiner(
  catalog: Catalog,
  soql: string,
  prefix: string,
  joins: string[],
): (from: Joined, relationship: string) => Joined {
  const joined = new Map<string, Joined>();
  return (from, relationship) => {
    const key = [...from.path, relationship].join(".").toLowerCase();
    const known = joined.get(key);
    if (known !== undefined) return known;
    const sources: Joined["sources"] = [];
    let name = relationship;
    for (const source of from.sources) {
      const lookup = source.object.relationship(relationship);
      if (lookup === undefined) continue;
      name = lookup.relationshipName ?? relationship;
      for (const target of lookup.referenceTo.map((to) => catalog.object(to))) {
        if (target === undefined) continue;
        const alias = `${prefix}${joins.length + 1}`;
        const own = `${source.alias}.${identifier(lookup.name)}`;
        joins.push(`LEFT JOIN ${identifier(target.name)} ${alias} ON ${alias}."Id" = ${own}`);
        sources.push({ object: target, alias });
      }
    }
    if (sources.length === 0) throw unknownRelationship(soql, relationship);
    const next = { sources, path: [...from.path, name] };
    joined.set(key, next);
    return next;
  };
}

function coalesce(expressions: readonly string[]): string {
  return expressions.length === 1 ? (expressions[0] ?? "NULL") : `coalesce(${expressions.join(", ")})`;
}

function unknownColumn(soql: string, name: string, entity: string): ApiError {
  return new ApiError(
    400,
    "INVALID_FIELD",
    `${pointer(soql, name)}No such column '${name}' on entity '${entity}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.`,
  );
}

function unknownRelationship(soql: string, name: string): ApiError {
  return new ApiError(
    400,
    "INVALID_FIELD",
    `${pointer(soql, name)}Didn't understand relationship '${name}' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.`,
  );
}

/** The lines that Salesforce puts above a query error: the text around the name and a caret under it. */
export function pointer(soql: string, name: string): string {
  const at = soql.toLowerCase().indexOf(name.toLowerCase());
  if (at < 0) return "";
  const from = Math.max(0, at - 20);
  const row = soql.slice(0, at).split("\n").length;
  const column = at - soql.lastIndexOf("\n", at);
  const line = soql.slice(from, at + name.length + 20).replaceAll("\n", " ");
  return `\n${line}\n${" ".repeat(at - from)}^\nERROR at Row:${row}:Column:${column}\n`;
}
