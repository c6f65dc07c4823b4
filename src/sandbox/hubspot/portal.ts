// What every part of the simulated HubSpot account (a "portal") needs: its records, its metadata, who may come in.

import type { Faults } from "../faults.ts";
import type { Rates } from "./access/rate-limits.ts";
import type { Tokens } from "./access/tokens.ts";
import type { Catalog } from "./catalog/catalog.ts";
import type { Pipelines } from "./catalog/pipelines.ts";
import type { Exports } from "./exports/exports.ts";
import type { Imports } from "./imports/imports.ts";
import type { Associations } from "./records/associations.ts";
import type { Store } from "./store.ts";

export interface Portal {
  store: Store;
  catalog: Catalog;
  associations: Associations;
  faults: Faults;
  tokens: Tokens;
  rates: Rates;
  imports: Imports;
  exports: Exports;
  pipelines: Pipelines;
  timeZone: string;
  /** A merge keeps the primary record's id, in place of making a new record. */
  primaryIdPreserved: boolean;
  /** Imports and exports lie here. */
  folder: string;
  /** For example http://127.0.0.1:8026; known once the server listens. */
  origin: string;
  /** True once the sandbox shuts down: background work stops at the next chunk. */
  closing: boolean;
}
