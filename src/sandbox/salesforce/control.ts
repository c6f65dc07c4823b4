// The sandbox's own endpoints, for tests and rehearsals: look at what is stored, start over, set faults, count calls.
// Must hold: none of them is part of Salesforce, none needs a token, none is hit by a fault or counted.

import { identifier } from "../../core/sql.ts";
import { readText } from "../request-body.ts";
import { type Answer, json, type Route } from "../routes.ts";
import type { Bulk } from "./bulk/bulk.ts";
import { isStored } from "./catalog/field.ts";
import { ApiError, notFound } from "./errors.ts";
import type { Org } from "./org.ts";
import { plainValue } from "./render.ts";
import { seedOrg } from "./seed.ts";
import { prepareRows, type Stored } from "./store.ts";

const dumpBlock = 1 << 16;

export function controlRoutes(org: Org, bulk: Bulk, calls: Map<string, number>): Route[] {
  return [
    {
      method: "POST",
      template: "/__sandbox/faults",
      async answer(request) {
        org.faults.replace(parseList(await readText(request.body)));
        return { status: 204 };
      },
    },
    { method: "GET", template: "/__sandbox/faults", answer: () => json(200, org.faults.met()) },
    { method: "GET", template: "/__sandbox/calls", answer: () => json(200, Object.fromEntries(calls)) },
    {
      method: "POST",
      template: "/__sandbox/reset",
      answer() {
        bulk.jobs.clear();
        org.store.clear();
        org.deleteLog.clear();
        org.late.clear();
        org.limits.clear();
        org.permissions = org.initialPermissions;
        org.sharedParentLocks = false;
        org.movesChildren = true;
        calls.clear();
        seedOrg(org, "empty");
        return { status: 204 };
      },
    },
    { method: "GET", template: "/__sandbox/salesforce/jobs", answer: () => json(200, bulk.jobs.list()) },
    {
      method: "GET",
      template: "/__sandbox/salesforce/{object}",
      answer: ({ params }) => dump(org, params["object"] ?? ""),
    },
  ];
}

function parseList(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError(400, "JSON_PARSER_ERROR", "faults are a JSON list");
  }
}

/** All records of an object, deleted ones too, as JSON Lines in the order of their ids. */
function dump(org: Org, name: string): Answer {
  const object = org.catalog.storedObject(name);
  if (object === undefined) throw notFound();
  const fields = object.fields.filter(isStored);
  const columns = fields.map((field) => identifier(field.name)).join(", ");
  // Written by hand and with nulls ready: a record has some eighty fields, most of them null.
  const shown = fields.map((field, index) => {
    const name = `${index === 0 ? "" : ","}"${field.name}":`;
    const none = `${name}null`;
    return (value: Stored): string => (value === null ? none : name + JSON.stringify(plainValue(field, value)));
  });
  async function* lines(): AsyncGenerator<string> {
    const reader = org.store.openReader();
    try {
      const rows = prepareRows<Stored[]>(
        reader,
        `SELECT ${columns} FROM ${identifier(object?.name ?? "")} ORDER BY serial`,
      );
      let block = "";
      for (const row of rows.iterate()) {
        let line = "{";
        for (let index = 0; index < fields.length; index += 1) line += shown[index]?.(row[index] ?? null);
        block += `${line}}\n`;
        if (block.length < dumpBlock) continue;
        yield block;
        block = "";
      }
      if (block !== "") yield block;
    } finally {
      reader.close();
    }
  }
  return { status: 200, headers: { "Content-Type": "application/x-ndjson" }, body: lines() };
}
