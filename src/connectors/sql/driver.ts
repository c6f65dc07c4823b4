// Drivers that are installed by those who want them. In: what imports one. Out: it. Must hold: whoever has none is told what to
// install.

import { usageFailure } from "../../core/errors.ts";
import type { Connection } from "../../job/job.ts";

/** Throws a Failure (2) where the package is not there. */
export async function loadDriver<Driver>(
  name: string,
  { type, place }: Connection,
  load: () => Promise<Driver>,
): Promise<Driver> {
  try {
    return await load();
  } catch (error) {
    const { code, message = "" } = error as { code?: string; message?: string };
    if ((code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") || !message.includes(`'${name}'`)) throw error;
    throw usageFailure(`connections of type ${type} want the package ${name}, which is not installed`, {
      where: place,
      next: `npm install ${name}, where loadline is installed (with -g if loadline is)`,
    });
  }
}
