// The Salesforce side of the sandbox: an org in a folder, behind the REST and Bulk 2.0 endpoints of the real one.
// In: a data folder, the schema file, the faults. Out: a site that the HTTP server serves, and how to close it.
// Must hold: what was acknowledged is there after SIGKILL; closed jobs go on where they were.
// docs/sandbox.md says where it differs from Salesforce.

import { mkdirSync } from "node:fs";
import { clockRoute, type SandboxClock } from "../clock.ts";
import type { Faults } from "../faults.ts";
import type { Site } from "../http-server.ts";
import type { SchemaFile } from "../schema-file.ts";
import { openBulk } from "./bulk/bulk.ts";
import { controlRoutes } from "./control.ts";
import { createLimits } from "./limits.ts";
import type { Org } from "./org.ts";
import { orgControlRoutes } from "./org-control.ts";
import { openDeleteLog } from "./records/delete-log.ts";
import { openLateCommits } from "./records/late.ts";
import { answerError, answerStatus } from "./rest/api.ts";
import { collectionRoutes } from "./rest/collections.ts";
import { compositeRoutes } from "./rest/composite.ts";
import { discoveryRoutes } from "./rest/discovery.ts";
import { queryRoutes } from "./rest/query.ts";
import { recordRoutes } from "./rest/records.ts";
import { replicationRoutes } from "./rest/replication.ts";
import { signInRoutes } from "./rest/sign-in.ts";
import { soapRoutes } from "./rest/soap.ts";
import { seedOrg } from "./seed.ts";
import { openStore } from "./store.ts";

export interface SalesforceOptions {
  /** The folder for records, uploads and results. */
  folder: string;
  schema: SchemaFile;
  faults: Faults;
  seed: "demo" | "empty";
  /** The one that both systems go by. */
  clock: SandboxClock;
  /** The public key that signed JWTs are checked with (PEM). */
  publicKey: string;
}

export interface Salesforce {
  site: Site;
  /** Says where the site is served, and starts the work that a killed sandbox left. */
  start(origin: string): void;
  close(): Promise<void>;
}

export function openSalesforce(options: SalesforceOptions): Salesforce {
  mkdirSync(options.folder, { recursive: true });
  const store = openStore(options.folder, options.schema);
  const org: Org = {
    store,
    catalog: store.catalog,
    limits: createLimits(store.database, options.schema.limits),
    faults: options.faults,
    deleteLog: openDeleteLog(store.database),
    late: openLateCommits(store),
    permissions: options.schema.permissions,
    initialPermissions: options.schema.permissions,
    bulkQueryPageRows: options.schema.bulkQueryPageRows,
    sharedParentLocks: false,
    movesChildren: true,
    folder: options.folder,
    publicKey: options.publicKey,
    origin: "",
    closing: false,
  };
  seedOrg(org, options.seed);
  const bulk = openBulk(org);
  const calls = new Map<string, number>();
  const routes = [
    ...orgControlRoutes(org),
    ...controlRoutes(org, bulk, calls),
    clockRoute(options.clock),
    ...signInRoutes(org),
    ...soapRoutes(org),
    ...discoveryRoutes(org),
    ...queryRoutes(org),
    ...bulk.routes,
    ...collectionRoutes(org),
    ...replicationRoutes(org),
    ...recordRoutes(org),
  ];
  routes.push(...compositeRoutes(org, routes));
  return {
    site: {
      routes,
      answerError,
      answerStatus,
      count: (call) => void calls.set(call, (calls.get(call) ?? 0) + 1),
    },
    start(origin) {
      org.origin = origin;
      bulk.resume();
    },
    async close() {
      org.closing = true;
      await bulk.settle();
      store.close();
    },
  };
}
