// An export as CSV: its header and a line a record.
// In: the properties, and whether names and values are those of the API or those that people read. Out: text.

import type { ObjectType } from "../catalog/object-type.ts";
import { owners } from "../catalog/owners.ts";
import type { Property } from "../catalog/property.ts";
import type { Portal } from "../portal.ts";
import { storedValue } from "../records/record-json.ts";
import type { StoredRecord } from "../records/stored-record.ts";
import { localText } from "../time-zone.ts";
import type { ExportRequest } from "./exports.ts";

/** Linked records that a line names. */
const associationsMax = 1_000;

export function exportTable(
  portal: Portal,
  type: ObjectType,
  request: ExportRequest,
): { header: string; line(record: StoredRecord): string } {
  const columns = [
    { title: "Record ID", cell: (record: StoredRecord) => String(record.id) },
    ...request.properties.flatMap((name) => propertyColumn(portal, type, request, name)),
    ...request.associated.flatMap((name) => associationColumns(portal, type, request, name)),
  ];
  return {
    header: lineOf(columns.map(({ title }) => title)),
    line: (record) => lineOf(columns.map(({ cell }) => cell(record))),
  };
}

interface Column {
  title: string;
  cell(record: StoredRecord): string;
}

function propertyColumn(portal: Portal, type: ObjectType, request: ExportRequest, name: string): Column[] {
  const property = type.properties.get(name);
  // The record's id leads every line.
  if (property === undefined || name === "hs_object_id") return [];
  const shown = request.internalValues ? (value: string) => value : labelOf(portal, property);
  return [
    {
      title: request.internalNames ? property.name : property.label,
      cell(record) {
        const value = storedValue(type, record, name);
        return value === undefined ? "" : shown(value);
      },
    },
  ];
}

function labelOf(portal: Portal, property: Property): (value: string) => string {
  if (property.name === "hubspot_owner_id") {
    return (value) => {
      const owner = owners.find(({ id }) => id === value);
      return owner === undefined ? value : `${owner.firstName} ${owner.lastName}`;
    };
  }
  if (property.type === "datetime") return (value) => localText(new Date(value), portal.timeZone).slice(0, 16);
  if (property.options.length === 0) return (value) => value;
  const labels = new Map(property.options.map(({ value, label }) => [value, label]));
  return (value) =>
    value
      .split(";")
      .map((part) => labels.get(part) ?? part)
      .join(";");
}

function associationColumns(portal: Portal, type: ObjectType, request: ExportRequest, name: string): Column[] {
  const to = portal.catalog.objectType(name);
  if (to === undefined) return [];
  const linked = (record: StoredRecord): number[] =>
    portal.associations
      .linksOf({ type, id: record.id }, to)
      .slice(0, associationsMax)
      .map(({ toId }) => toId);
  const nameOf = (id: number): string => portal.store.get(to, id)?.values[to.primaryDisplayProperty] ?? "";
  const ids = {
    title: `Associated ${to.labels.singular} IDs`,
    cell: (record: StoredRecord) => linked(record).join(";"),
  };
  const names = {
    title: `Associated ${to.labels.singular}`,
    cell: (record: StoredRecord) => linked(record).map(nameOf).join(";"),
  };
  return request.withAssociatedNames ? [ids, names] : [ids];
}

function lineOf(cells: readonly string[]): string {
  return `${cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",")}\n`;
}
