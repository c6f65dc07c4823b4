// What the org has used in the last 24 hours, and what it may use.
// In: the maxima (the vendor's, or those of the schema file). Out: the /limits answer, the Sforce-Limit-Info header,
// and a refusal beyond. Must hold: the count outlives a restart, as the real one outlives a client.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_limits.htm

import type { DatabaseSync } from "../../core/sqlite.ts";
import { now } from "../clock.ts";
import { ApiError } from "./errors.ts";
import { prepareRows } from "./store.ts";

const defaultMaxima = {
  DailyApiRequests: 100_000,
  DailyBulkApiBatches: 15_000,
  DailyBulkV2QueryJobs: 10_000,
  DailyBulkV2QueryFileStorageMB: 976_562,
  DailyAsyncApexExecutions: 250_000,
  DailyGenericStreamingApiEvents: 10_000,
  DailyStreamingApiEvents: 10_000,
  DataStorageMB: 5_120,
  FileStorageMB: 20_480,
  HourlyAsyncReportRuns: 1_200,
  MassEmail: 5_000,
  SingleEmail: 5_000,
} as const;

export interface Limits {
  /** Counts one API call, or throws REQUEST_LIMIT_EXCEEDED (403). */
  countCall(): void;
  /** Adds to what is used of a limit. */
  use(name: string, amount: number): void;
  remaining(name: string): number;
  /** The value of the Sforce-Limit-Info header. */
  info(): string;
  /** The answer of the limits resource. */
  report(): Record<string, { Max: number; Remaining: number }>;
  clear(): void;
}

const hourMs = 3_600_000;
const windowHours = 24;

export function createLimits(database: DatabaseSync, configured: Readonly<Record<string, number>>): Limits {
  database.exec(
    "CREATE TABLE IF NOT EXISTS sandbox_usage (name TEXT, hour INTEGER, used REAL NOT NULL, PRIMARY KEY (name, hour)) WITHOUT ROWID",
  );
  const maxima: Record<string, number> = { ...defaultMaxima, ...configured };
  const add = database.prepare(
    "INSERT INTO sandbox_usage VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET used = used + excluded.used",
  );
  const sum = prepareRows<[number]>(
    database,
    "SELECT coalesce(sum(used), 0) FROM sandbox_usage WHERE name = ? AND hour > ?",
  );
  const used = (name: string): number => {
    const row = sum.get(name, currentHour() - windowHours);
    return Math.floor(row?.[0] ?? 0);
  };
  const remaining = (name: string): number => Math.max(0, (maxima[name] ?? 0) - used(name));
  return {
    countCall() {
      if (remaining("DailyApiRequests") === 0)
        throw new ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.");
      add.run("DailyApiRequests", currentHour(), 1);
    },
    use: (name, amount) => void add.run(name, currentHour(), amount),
    remaining,
    info: () => `api-usage=${used("DailyApiRequests")}/${maxima["DailyApiRequests"]}`,
    report: () =>
      Object.fromEntries(Object.entries(maxima).map(([name, max]) => [name, { Max: max, Remaining: remaining(name) }])),
    clear: () => database.exec("DELETE FROM sandbox_usage"),
  };
}

function currentHour(): number {
  return Math.floor(now().getTime() / hourMs);
}
