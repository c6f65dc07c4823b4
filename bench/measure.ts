// What each contender is measured by: seconds of its work by the clock and of the processor, without the start of its
// process, and the largest memory that its process ever held. On a machine that others use too, the processor's seconds
// are the steadier measure.

import { readFileSync, writeFileSync } from "node:fs";

export interface Measurement {
  seconds: number;
  cpuSeconds: number;
  peakRssMb: number;
  /** Changed records that were found, where the contender looks for them. */
  updates?: number;
}

/**
 * Runs a contender's work and prints its Measurement as one line of JSON. `begin`: what was done until then does not count,
 * the memory that it took neither.
 */
export async function measure(work: (begin: () => void) => Promise<Pick<Measurement, "updates">>): Promise<void> {
  let start = performance.now();
  let cpuBefore = process.cpuUsage();
  const found = await work(() => {
    writeFileSync("/proc/self/clear_refs", "5");
    start = performance.now();
    cpuBefore = process.cpuUsage();
  });
  const seconds = (performance.now() - start) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  const cpuSeconds = (cpu.user + cpu.system) / 1e6;
  const measurement: Measurement = { seconds, cpuSeconds, peakRssMb: peakOf(process.pid), ...found };
  process.stdout.write(`${JSON.stringify(measurement)}\n`);
}

/** Of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** The most memory that another process has held so far, in MB; 0 where it is gone. Linux. */
export function peakOf(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
