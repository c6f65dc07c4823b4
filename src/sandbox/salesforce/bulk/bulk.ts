// Bulk API 2.0: the routes of both kinds of job, and the work that goes on behind them.
// Must hold: a job that was closed is worked on until it ends, through any number of restarts.

import type { Route } from "../../routes.ts";
import type { Org } from "../org.ts";
import { apiRoute } from "../rest/api.ts";
import { processIngest } from "./ingest-processing.ts";
import { ingestInfo, ingestRoutes } from "./ingest-routes.ts";
import { listJobs } from "./job-list.ts";
import type { BulkWork } from "./jobs.ts";
import { type IngestJob, type Jobs, openJobs, type QueryJob } from "./jobs.ts";
import { createParentLocks } from "./parent-locks.ts";
import { processQuery } from "./query-processing.ts";
import { queryInfo, queryJobRoutes } from "./query-routes.ts";

export interface Bulk {
  routes: Route[];
  jobs: Jobs;
  /** Takes up what a killed sandbox left. */
  resume(): void;
  /** Waits for work under way to stop at its next chunk. */
  settle(): Promise<void>;
}

export function openBulk(org: Org): Bulk {
  const jobs = openJobs(org);
  const underWay = new Set<Promise<void>>();
  const locks = createParentLocks(org, jobs);
  const start = (process: (id: string) => Promise<void>, id: string): void => {
    // After the answer that starts it: a client sees UploadComplete before InProgress.
    const work = new Promise<void>((resolve) => setImmediate(resolve)).then(() => process(id));
    const tracked = work.catch((error) => reportLost(jobs, id, error)).finally(() => underWay.delete(tracked));
    underWay.add(tracked);
  };
  const work: BulkWork = {
    startIngest: (id) => start((job) => processIngest({ org, jobs, locks }, job), id),
    startQuery: (id) => start((job) => processQuery(org, jobs, job), id),
  };
  return {
    routes: [
      apiRoute(org, "GET", "/jobs/ingest", (request) => listJobs(jobs, request, "ingest", listedInfo)),
      apiRoute(org, "GET", "/jobs/query", (request) => listJobs(jobs, request, "query", listedInfo)),
      ...ingestRoutes(org, jobs, work),
      ...queryJobRoutes(org, jobs, work),
    ],
    jobs,
    resume() {
      for (const job of jobs.list())
        if (job.state === "UploadComplete" || job.state === "InProgress")
          job.kind === "ingest" ? work.startIngest(job.id) : work.startQuery(job.id);
    },
    settle: async () => void (await Promise.all(underWay)),
  };
}

/** What a list says of a job: its state, but not how far it is, or why it failed. */
function listedInfo(job: IngestJob | QueryJob): Record<string, unknown> {
  const info = job.kind === "ingest" ? ingestInfo(job) : queryInfo(job);
  return Object.fromEntries(
    Object.entries(info).filter(([name]) => !/^number|Time$|^retries$|^errorMessage$/.test(name)),
  );
}

// A defect of the sandbox must not hang a client's polling: the job fails and says why.
function reportLost(jobs: Jobs, id: string, error: unknown): void {
  const job = jobs.list().find((candidate) => candidate.id === id);
  if (job === undefined) return;
  jobs.save({
    ...job,
    state: "Failed",
    errorMessage: `Unknown : ${error instanceof Error ? error.message : String(error)}`,
  });
}
