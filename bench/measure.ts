// What each contender is measured by: seconds of its work, without the start of its process, and the largest memory
// that its process ever held.

export interface Measurement {
  seconds: number;
  peakRssMb: number;
  /** Changed records that were found, where the contender looks for them. */
  updates?: number;
}

/** Runs a contender's work and prints its Measurement as one line of JSON. */
export async function measure(work: () => Promise<Pick<Measurement, "updates">>): Promise<void> {
  const start = performance.now();
  const found = await work();
  const seconds = (performance.now() - start) / 1000;
  const measurement: Measurement = { seconds, peakRssMb: process.resourceUsage().maxRSS / 1024, ...found };
  process.stdout.write(`${JSON.stringify(measurement)}\n`);
}
