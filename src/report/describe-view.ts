// Objects and fields of a system. In: what it says of itself. Out: a table for a person, plain objects for JSON.

import { type FieldSchema, isRequired, type ObjectSchema, type ObjectSummary, type Picklist } from "../core/model.ts";
import { type Line, type Look, renderLines } from "./lines.ts";
import { countOf, showCount } from "./numbers.ts";
import { type Column, tableLines, tableWidth } from "./table.ts";
import { cutText } from "./visible-text.ts";

export interface DescribedReport {
  connection: string;
  org: string;
  found: { objects: readonly ObjectSummary[] } | { object: ObjectSchema };
}

export function renderDescribed({ connection, org, found }: DescribedReport, look: Look): string {
  const where = `${connection}, org ${org}`;
  if ("objects" in found) {
    const title: Line = [
      { text: connection, tone: "strong" },
      `  ${countOf(found.objects.length, "object")}, org ${org}`,
    ];
    return renderLines([title, [], ...tableLines(objectColumns, found.objects, indent)], look);
  }
  const { object, label, fields, key } = found.object;
  const may = permissions(found.object);
  const title: Line = [
    { text: object, tone: "strong" },
    `  ${label}, ${countOf(fields.size, "field")}, ${may === "" ? "read-only" : `may be: ${may}`}, ${where}`,
  ];
  const rows = [...fields.values()];
  const below = [
    ...(key === undefined ? [] : [`rows are named by: ${key.join(", ") || "nothing"}`]),
    ...missingRights(found.object),
  ];
  const table = tableLines(columnsFor(rows, look.width - indent.length), rows, indent);
  const more = below.length === 0 ? [] : [[], ...below.map((text): Line => [`${indent}${text}`])];
  return renderLines([title, [], ...table, ...more], look);
}

/** Tables are there to be read by some and not by others. */
function permissionsOfListed(object: ObjectSummary): string {
  const may = permissions(object);
  if (object.schema === undefined) return may || "read-only";
  return [object.queryable ? "read" : "", may].filter(Boolean).join(", ") || "nothing";
}

type Permissions = Pick<ObjectSummary, "createable" | "updateable" | "deletable">;

function permissions({ createable, updateable, deletable }: Permissions): string {
  const may: [boolean, string][] = [
    [createable, "created"],
    [updateable, "updated"],
    [deletable, "deleted"],
  ];
  return may.flatMap(([yes, what]) => (yes ? [what] : [])).join(", ");
}

/** What an administrator would run. */
function missingRights({ grants = {}, unable, ...may }: ObjectSchema): string[] {
  if (unable !== undefined) return [`not to be loaded: ${unable}`];
  const rights = [
    ["createable", "created"],
    ["updateable", "updated"],
    ["deletable", "deleted"],
  ] as const;
  return rights.flatMap(([right, what]) => {
    const grant = grants[right];
    return may[right] || grant === undefined ? [] : [`an administrator lets its rows be ${what}: ${grant}`];
  });
}

const objectColumns: readonly Column<ObjectSummary>[] = [
  { title: "object", cell: ({ name }) => name, tone: () => "strong" },
  { title: "label", cell: ({ label }) => label },
  { title: "may be", cell: permissionsOfListed },
  { title: "", cell: ({ custom }) => (custom ? "custom" : ""), tone: () => "faint" },
];

const indent = "  ";
/** Less of the values says nothing: the label goes then, which mostly repeats the name. */
const valuesWidthMin = 16;

/** The values take what the other columns leave. */
function columnsFor(rows: readonly FieldSchema[], width: number): Column<FieldSchema>[] {
  const left = (columns: readonly Column<FieldSchema>[]) => width - tableWidth(columns, rows) - indent.length;
  const shown =
    left(fieldColumns) < valuesWidthMin ? fieldColumns.filter(({ title }) => title !== "label") : fieldColumns;
  const room = Math.max(valuesWidthMin, left(shown));
  return [...shown, { title: "values", cell: (field) => cutText(values(field), room) }];
}

const fieldColumns: readonly Column<FieldSchema>[] = [
  { title: "field", cell: ({ name }) => name, tone: () => "strong" },
  { title: "type", cell: ({ vendorType }) => vendorType },
  { title: "length", right: true, cell: ({ maxLength }) => (maxLength === undefined ? "" : showCount(maxLength)) },
  {
    title: "is",
    cell: (field) => traits(field).join(", "),
    tone: (field) => (isRequired(field) ? "caution" : undefined),
  },
  { title: "label", cell: ({ label }) => label, tone: () => "faint" },
];

function traits(field: FieldSchema): string[] {
  const { createable, updateable, externalId, unique } = field;
  const access = createable && updateable ? "" : createable ? "create-only" : updateable ? "update-only" : "read-only";
  return [isRequired(field) ? "required" : "", externalId ? "key" : "", unique ? "unique" : "", access].filter(Boolean);
}

function values({ referenceTo, picklist }: FieldSchema): string {
  if (referenceTo.length > 0) return `→ ${referenceTo.join(", ")}`;
  if (picklist === undefined) return "";
  return `${picklist.restricted ? "one of: " : "e.g. "}${picklist.values.join(", ")}`;
}

/** What machines read; names never change. */
export function describedJson({ connection, org, found }: DescribedReport): object {
  if ("objects" in found) return { connection, org, objects: found.objects };
  const { object, label, createable, updateable, deletable, fields, key, grants, unable } = found.object;
  const listed = [...fields.values()].map((field) => ({
    name: field.name,
    label: field.label,
    type: field.vendorType,
    length: field.maxLength ?? null,
    scale: field.scale ?? null,
    required: isRequired(field),
    createable: field.createable,
    updateable: field.updateable,
    key: field.externalId,
    unique: field.unique,
    caseSensitive: field.caseSensitive,
    references: field.referenceTo,
    picklist: field.picklist === undefined ? null : picklistJson(field.picklist),
  }));
  const ofTable = key === undefined ? {} : { key, grants: grants ?? {}, unable: unable ?? null };
  return { connection, org, object, label, createable, updateable, deletable, ...ofTable, fields: listed };
}

function picklistJson({ values, restricted }: Picklist): {
  values: string[];
  restricted: boolean;
} {
  return { values, restricted };
}
