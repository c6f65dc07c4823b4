// What a run will take of the org's allowance, before its load is begun.

import { countOf, showCount } from "./numbers.ts";

export interface LoadForecast {
  connection: string;
  /** API calls, polls estimated. */
  calls: number;
  /** Bulk jobs. */
  jobs: number;
  /** Of the org's day, as the latest answer told it; null where none did. */
  allowance: { used: number; max: number } | null;
}

/**
 * "forecast: 27 calls a run, 18 of them to load (2 bulk jobs), 0.1 % of today's allowance (4,982 of 5,000 left)".
 * `read`: calls that the plan took, by connection: for what it looked up, and for present values.
 */
export function describeForecast(
  { connection, calls, jobs, allowance }: LoadForecast,
  isOnly: boolean,
  read: Readonly<Record<string, number>>,
): string {
  const to = isOnly ? "" : ` to ${connection}`;
  const ofRun = calls + (read[connection] ?? 0);
  const ofJobs = jobs === 0 ? "" : ` (${countOf(jobs, "bulk job")})`;
  const what = `forecast${to}: ${countOf(ofRun, "call")} a run, ${showCount(calls)} of them to load${ofJobs}`;
  if (allowance === null || allowance.max === 0) return what;
  const left = Math.max(0, allowance.max - allowance.used);
  const share = showShare(ofRun / allowance.max);
  return `${what}, ${share} of today's allowance (${showCount(left)} of ${showCount(allowance.max)} left)`;
}

function showShare(share: number): string {
  const percent = share * 100;
  if (percent < 0.1) return "less than 0.1 %";
  return `${percent < 10 ? percent.toFixed(1) : showCount(Math.round(percent))} %`;
}
