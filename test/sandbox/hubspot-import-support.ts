// Imports into a portal of the sandbox, from their request to their end.

import { expect } from "vitest";
import type { Account } from "./hubspot-account-support.ts";
export const contactSchema = {
  hubspot: {
    contacts: {
      properties: {
        sf_id: { type: "string", fieldType: "text", hasUniqueValue: true },
        score: { type: "number" },
        born: { type: "date" },
        seen: { type: "datetime" },
        tier: { type: "enumeration", options: ["gold", "silver"] },
        tags: { type: "enumeration", fieldType: "checkbox", options: ["a", "b"] },
        owner_note: { type: "string" },
      },
    },
    offices: { custom: true, properties: { code: { type: "string", hasUniqueValue: true }, city: { type: "string" } } },
  },
  hubspotLimits: { tenSecondly: 1_000_000 },
};

export interface Column {
  columnName: string;
  propertyName: string | null;
  columnType?: string;
}

export interface Wanted {
  name?: string;
  typeId?: string;
  operation?: string;
  dateFormat?: string;
  columns: Column[];
  hasHeader?: boolean;
}

export function requestOf(wanted: Wanted): Record<string, unknown> {
  const typeId = wanted.typeId ?? "0-1";
  return {
    name: wanted.name ?? "test",
    ...(wanted.operation === undefined ? {} : { importOperations: { [typeId]: wanted.operation } }),
    ...(wanted.dateFormat === undefined ? {} : { dateFormat: wanted.dateFormat }),
    files: [
      {
        fileName: "rows.csv",
        fileFormat: "CSV",
        fileImportPage: {
          hasHeader: wanted.hasHeader ?? true,
          columnMappings: wanted.columns.map((column) => ({ columnObjectTypeId: typeId, ...column })),
        },
      },
    ],
  };
}

export function formOf(wanted: Wanted, csv: string): FormData {
  const form = new FormData();
  form.append("files", new Blob([csv], { type: "text/csv" }), "rows.csv");
  form.append("importRequest", JSON.stringify(requestOf(wanted)));
  return form;
}

export async function finished(account: Account, id: unknown): Promise<Record<string, unknown>> {
  for (;;) {
    const { body } = await account.call("GET", `/crm/v3/imports/${String(id)}`);
    if (["DONE", "FAILED", "CANCELED"].includes(String(body["state"]))) return body;
  }
}

/** Imports a file and gives its end, its counters and its errors. */
export async function runImport(account: Account, wanted: Wanted, csv: string) {
  const started = await account.call("POST", "/crm/imports/2026-03", formOf(wanted, csv));
  expect([started.status, started.text]).toEqual([200, expect.any(String)]);
  const ended = await finished(account, started.body["id"]);
  const path = `/crm/v3/imports/${String(ended["id"])}/errors?limit=100&includeErrorMessage=true&includeRowData=true`;
  const errors = (await account.call("GET", path)).body.results;
  return { state: ended["state"], counters: (ended["metadata"] as { counters: object }).counters, errors };
}

export const email = { columnName: "Email", propertyName: "email", columnType: "HUBSPOT_ALTERNATE_ID" };
export const key = { columnName: "Id", propertyName: "sf_id", columnType: "HUBSPOT_ALTERNATE_ID" };
export const named = (propertyName: string): Column => ({ columnName: propertyName, propertyName });
