// What every part of the simulated org needs: its records, its metadata, who it is, and what it has used up.

import type { Faults } from "../faults.ts";
import type { Permissions } from "../schema-file.ts";
import type { Catalog } from "./catalog/catalog.ts";
import { makeId } from "./ids.ts";
import type { Limits } from "./limits.ts";
import type { DeleteLog } from "./records/delete-log.ts";
import type { LateCommits } from "./records/late.ts";
import type { Store } from "./store.ts";

export interface Org {
  store: Store;
  catalog: Catalog;
  limits: Limits;
  faults: Faults;
  deleteLog: DeleteLog;
  late: LateCommits;
  /** The user's permissions as they stand, and as the schema file has them. */
  permissions: Permissions;
  initialPermissions: Permissions;
  /** Whether jobs in flight that write under the same parents stand in each other's way. */
  sharedParentLocks: boolean;
  /** Whether the version of a child moves as its lookup is emptied, filled again or led to another record by its parent. */
  movesChildren: boolean;
  /** Records in a page of bulk query results. */
  bulkQueryPageRows: number;
  /** Uploads and query results lie here. */
  folder: string;
  /** The public key that signed JWTs are checked with (PEM). */
  publicKey: string;
  /** For example http://127.0.0.1:8025; known once the server listens. */
  origin: string;
  /** True once the sandbox shuts down: background work stops at the next chunk. */
  closing: boolean;
}

/** The org's id: 15 characters that a token starts with, and the 18 that records refer to. */
export const shortOrgId = "00Dsandbox00000";
export const orgId = "00Dsandbox00000EAA";
/** The user that every sign-in is. */
export const userId = makeId("005", 1);
/** The newest version that is served, and the oldest that is listed. */
export const newestVersion = 68;
/** The oldest version that is not retired. */
export const oldestVersion = 31;
export const oldestListedVersion = 58;
