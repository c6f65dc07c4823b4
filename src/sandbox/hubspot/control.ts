// The sandbox's own endpoints, for tests and rehearsals: look at what is stored, start over, set faults, count calls.
// Must hold: none of them is part of HubSpot, none needs a token, none is hit by a fault or counted.

import { z } from "zod";
import { readText } from "../request-body.ts";
import { type Answer, json, type Route } from "../routes.ts";
import { notFound, validationError } from "./errors.ts";
import type { Portal } from "./portal.ts";
import { allValues } from "./records/record-json.ts";
import { seedRecords, seedRequest } from "./seed.ts";

const searchLag = z.strictObject({ ms: z.int().nonnegative() });
const dumpPage = 1_000;

export function controlRoutes(portal: Portal, calls: Map<string, number>): Route[] {
  return [
    {
      method: "POST",
      template: "/__sandbox/faults",
      async answer(request) {
        portal.faults.replace(parseJson(await readText(request.body)));
        return { status: 204 };
      },
    },
    { method: "GET", template: "/__sandbox/faults", answer: () => json(200, portal.faults.met()) },
    { method: "GET", template: "/__sandbox/calls", answer: () => json(200, Object.fromEntries(calls)) },
    {
      method: "POST",
      template: "/__sandbox/reset",
      answer() {
        portal.store.clear();
        portal.tokens.clear();
        portal.rates.clear();
        portal.imports.clear();
        portal.exports.clear();
        portal.pipelines.clear();
        portal.associations.clear();
        calls.clear();
        return { status: 204 };
      },
    },
    {
      method: "POST",
      template: "/__sandbox/hubspot/search-lag",
      async answer(request) {
        const { ms } = parseBody(searchLag, await readText(request.body));
        portal.store.images.lagMs = ms;
        return { status: 204 };
      },
    },
    {
      method: "POST",
      template: "/__sandbox/hubspot/seed",
      async answer(request) {
        return json(200, seedRecords(portal, parseBody(seedRequest, await readText(request.body))));
      },
    },
    {
      method: "GET",
      template: "/__sandbox/hubspot/{object}",
      answer: ({ params }) => dump(portal, params["object"] ?? ""),
    },
  ];
}

function parseBody<Body>(schema: z.ZodType<Body>, text: string): Body {
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw validationError(z.prettifyError(parsed.error));
}

function parseJson(text: string): unknown {
  try {
    return text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    throw validationError("the body is not JSON");
  }
}

/** All records of an object, archived ones too, as JSON Lines in the order of their ids. */
function dump(portal: Portal, name: string): Answer {
  const type = portal.catalog.objectType(name);
  if (type === undefined) throw notFound();
  async function* lines(): AsyncGenerator<string> {
    for (let from = 0; ; ) {
      if (type === undefined) return;
      const page = portal.store.listAll(type, from, dumpPage);
      if (page.length === 0) return;
      yield page
        .map((record) => {
          const { id, archived } = record;
          return `${JSON.stringify({ id: String(id), properties: allValues(type, record), archived })}\n`;
        })
        .join("");
      from = (page.at(-1)?.id ?? 0) + 1;
    }
  }
  return { status: 200, headers: { "Content-Type": "application/x-ndjson" }, body: lines() };
}
