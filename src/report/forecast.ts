// What a load will take of the org's allowance, before it is begun.

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

/** "forecast: 9 calls and 2 bulk jobs, 0.1 % of today's allowance (4,982 of 5,000 left)" */
export function describeForecast(forecast: LoadForecast, isOnly: boolean): string {
  const { connection, calls, jobs, allowance } = forecast;
  const to = isOnly ? "" : ` to ${connection}`;
  const what = `forecast${to}: ${countOf(calls, "call")} and ${countOf(jobs, "bulk job")}`;
  if (allowance === null || allowance.max === 0) return what;
  const left = Math.max(0, allowance.max - allowance.used);
  const share = showShare(calls / allowance.max);
  return `${what}, ${share} of today's allowance (${showCount(left)} of ${showCount(allowance.max)} left)`;
}

function showShare(share: number): string {
  const percent = share * 100;
  if (percent < 0.1) return "less than 0.1 %";
  return `${percent < 10 ? percent.toFixed(1) : showCount(Math.round(percent))} %`;
}
