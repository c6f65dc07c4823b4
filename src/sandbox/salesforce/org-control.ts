// The sandbox's own endpoints that do to the org what people and time do to a real one: merge records, empty the recycle
// bin, forget the delete log, change permissions, have jobs lock each other's parents, leave the versions of
// children alone, let a slow transaction commit.
// Must hold: none of them is part of Salesforce, none needs a token, none is hit by a fault or counted.

import { z } from "zod";
import { readText } from "../request-body.ts";
import { type Answer, json, type Route, type SandboxRequest } from "../routes.ts";
import { permissionNames } from "../schema-file.ts";
import type { SalesforceObject } from "./catalog/object.ts";
import { ApiError, notFound } from "./errors.ts";
import { canonicalId } from "./ids.ts";
import type { Org } from "./org.ts";
import { mergeRecords, purgeRecords } from "./records/merge.ts";
import { undeleteRecord } from "./records/undelete.ts";
import { makeFieldAnew, refreshPermissions } from "./seed.ts";
import { transact } from "./store.ts";

const id = z.string().transform((text, context) => {
  const found = canonicalId(text);
  if (found !== undefined) return found;
  context.addIssue({ code: "custom", message: `not an id: ${text}` });
  return z.NEVER;
});
const merge = z.strictObject({ object: z.string(), master: id, merged: z.array(id).min(1) });
const purge = z.strictObject({ object: z.string(), ids: z.array(id) });
const deleteLog = z.strictObject({
  earliest: z.iso.datetime({ offset: true }).nullish(),
  maxIds: z.int().positive().nullish(),
  seconds: z.boolean().optional(),
});
const fieldAnew = z.strictObject({ object: z.string(), field: z.string() });
const permissions = z.partialRecord(z.enum(permissionNames), z.boolean());

export function orgControlRoutes(org: Org): Route[] {
  return [
    control("merge", merge, ({ object, ...ids }) => {
      transact(org.store.database, () => mergeRecords(org, storedObject(org, object), ids));
      return { status: 204 };
    }),
    control("purge", purge, ({ object, ids }) => {
      transact(org.store.database, () => purgeRecords(org, storedObject(org, object), ids));
      return { status: 204 };
    }),
    control("delete-log", deleteLog, ({ earliest, maxIds, seconds }) => {
      org.deleteLog.settings = {
        earliest: earliest === null || earliest === undefined ? undefined : new Date(earliest).toISOString(),
        maxIds: maxIds ?? undefined,
        seconds,
      };
      return { status: 204 };
    }),
    control("permissions", permissions, (changes) => {
      org.permissions = { ...org.permissions, ...changes };
      refreshPermissions(org);
      return json(200, org.permissions);
    }),
    control("field-anew", fieldAnew, ({ object, field }) => {
      transact(org.store.database, () => makeFieldAnew(org, storedObject(org, object).name, field));
      return { status: 204 };
    }),
    control("locks", z.strictObject({ sharedParents: z.boolean() }), ({ sharedParents }) => {
      org.sharedParentLocks = sharedParents;
      return { status: 204 };
    }),
    control("undelete", z.strictObject({ id }), (body) => {
      transact(org.store.database, () => undeleteRecord(org, body.id));
      return { status: 204 };
    }),
    control("children", z.strictObject({ moveVersions: z.boolean() }), ({ moveVersions }) => {
      org.movesChildren = moveVersions;
      return { status: 204 };
    }),
    control("commit-late", z.strictObject({}), () => json(200, { committed: org.late.reveal() })),
  ];
}

function control<Body>(name: string, schema: z.ZodType<Body>, act: (body: Body) => Answer): Route {
  return {
    method: "POST",
    template: `/__sandbox/salesforce/${name}`,
    async answer(request) {
      const parsed = schema.safeParse(await readBody(request));
      if (!parsed.success) throw new ApiError(400, "JSON_PARSER_ERROR", z.prettifyError(parsed.error));
      return act(parsed.data);
    },
  };
}

async function readBody(request: SandboxRequest): Promise<unknown> {
  const text = await readText(request.body);
  try {
    return text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    throw new ApiError(400, "JSON_PARSER_ERROR", "the body is not JSON");
  }
}

function storedObject(org: Org, name: string): SalesforceObject {
  const object = org.catalog.storedObject(name);
  if (object === undefined) throw notFound();
  return object;
}
