// The HubSpot side of the sandbox: a portal in a folder, behind the v3, v4 and dated paths of the real one.
// In: a data folder, the schema file, the faults. Out: a site that the HTTP server serves, and how to close it.
// Must hold: what was acknowledged is there after SIGKILL. docs/sandbox.md says where it differs from HubSpot.

import { mkdirSync } from "node:fs";
import { clockRoute, type SandboxClock } from "../clock.ts";
import type { Faults } from "../faults.ts";
import type { Site } from "../http-server.ts";
import type { SchemaFile } from "../schema-file.ts";
import { openRates } from "./access/rate-limits.ts";
import { openTokens } from "./access/tokens.ts";
import { openPipelines } from "./catalog/pipelines.ts";
import { controlRoutes } from "./control.ts";
import { answerError, answerStatus } from "./errors.ts";
import { exportWork } from "./exports/export-processing.ts";
import { exportRoutes } from "./exports/export-routes.ts";
import { openExports } from "./exports/exports.ts";
import { importWork } from "./imports/import-processing.ts";
import { importRoutes } from "./imports/import-routes.ts";
import { openImports } from "./imports/imports.ts";
import type { Portal } from "./portal.ts";
import { portalControlRoutes } from "./portal-control.ts";
import { openAssociations } from "./records/associations.ts";
import { accountRoutes } from "./rest/account.ts";
import { associationBatchRoutes } from "./rest/association-batches.ts";
import { associationRoutes } from "./rest/associations.ts";
import { batchRoutes } from "./rest/batch.ts";
import { mergeRoutes } from "./rest/merge.ts";
import { oauthRoutes } from "./rest/oauth.ts";
import { objectRoutes } from "./rest/objects.ts";
import { ownerRoutes } from "./rest/owners.ts";
import { pipelineRoutes } from "./rest/pipelines.ts";
import { propertyRoutes } from "./rest/properties.ts";
import { propertyGroupRoutes } from "./rest/property-groups.ts";
import { schemaRoutes } from "./rest/schemas.ts";
import { searchRoutes } from "./rest/search.ts";
import { seedPortal } from "./seed.ts";
import { openStore } from "./store.ts";

export interface HubspotOptions {
  /** The folder for records, imports and exports. */
  folder: string;
  schema: SchemaFile;
  faults: Faults;
  seed: "demo" | "empty";
  /** The one that both systems go by. */
  clock: SandboxClock;
}

export interface Hubspot {
  site: Site;
  /** Says where the site is served, and starts the work that a killed sandbox left. */
  start(origin: string): void;
  close(): Promise<void>;
}

/** HubSpot's limit is not documented; connectors keep below 15,000 characters. */
const urlLengthMax = 15_000;

export function openHubspot(options: HubspotOptions): Hubspot {
  mkdirSync(options.folder, { recursive: true });
  const store = openStore(options.folder, options.schema);
  const portal: Portal = {
    store,
    catalog: store.catalog,
    associations: openAssociations(store.database),
    faults: options.faults,
    tokens: openTokens(store.database),
    rates: openRates(store.database, options.schema.hubspotLimits, options.schema.hubspotTimeZone),
    timeZone: options.schema.hubspotTimeZone,
    primaryIdPreserved: options.schema.hubspotPrimaryIdPreserved,
    imports: openImports(store.database, options.folder),
    exports: openExports(store.database, options.folder),
    pipelines: openPipelines(store.database, store.catalog),
    folder: options.folder,
    origin: "",
    closing: false,
  };
  const importing = importWork(portal);
  const exporting = exportWork(portal);
  seedPortal(portal, options.seed);
  const calls = new Map<string, number>();
  return {
    site: {
      routes: [
        ...portalControlRoutes(portal),
        ...controlRoutes(portal, calls),
        clockRoute(options.clock),
        ...oauthRoutes(portal),
        ...accountRoutes(portal),
        ...ownerRoutes(portal),
        ...pipelineRoutes(portal),
        ...importRoutes(portal, importing),
        ...exportRoutes(portal, exporting),
        ...searchRoutes(portal),
        ...batchRoutes(portal),
        ...associationRoutes(portal),
        ...associationBatchRoutes(portal),
        ...mergeRoutes(portal),
        ...objectRoutes(portal),
        ...propertyGroupRoutes(portal),
        ...propertyRoutes(portal),
        ...schemaRoutes(portal),
      ],
      urlLengthMax,
      answerError,
      answerStatus,
      count: (call) => void calls.set(call, (calls.get(call) ?? 0) + 1),
    },
    start(origin) {
      portal.origin = origin;
      for (const { id } of portal.imports.unfinished()) importing.begin(id);
      if (portal.exports.unfinished().length > 0) exporting.begin();
    },
    async close() {
      portal.closing = true;
      await importing.settle();
      await exporting.settle();
      store.close();
    },
  };
}
