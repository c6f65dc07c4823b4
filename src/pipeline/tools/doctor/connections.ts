// The connections: what they refer to and is not there, and, where they may be asked, whether they answer and what time
// it is there.

import { statSync } from "node:fs";
import { openConnection } from "../../../connectors/registry.ts";
import { now } from "../../../core/clock.ts";
import { Failure, showPath } from "../../../core/errors.ts";
import type { Connection, Environment } from "../../../job/job.ts";
import { type Finding, ok, warning, wrong, wrongBy } from "./finding.ts";

/** Each reference and file that a connection names, without asking its system. */
export function lookAtReferences(connection: Connection, environment: Environment): Finding[] {
  const check = `connection ${connection.name}`;
  const problems = [...new Set(findProblems(connection, environment, 0))];
  if (problems.length > 0) {
    return problems.map((what) =>
      wrong(check, what, "set it in .env beside connections.yaml, or name a file with --env"),
    );
  }
  const { path } = connection;
  if (path !== undefined && statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    return [wrong(check, `there is no folder ${showPath(path)}`, `mkdir -p ${showPath(path)}`)];
  }
  return [ok(check, "all that it refers to is there")];
}

/** Values below a connection are read, and references resolved: what can't be says why, and never what it holds. */
function findProblems(value: object, environment: Environment, depth: number): string[] {
  const problems: string[] = [];
  const attempt = (act: () => unknown): unknown => {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      problems.push(error.message);
      return undefined;
    }
  };
  for (const key of Object.keys(value)) {
    const held = attempt(() => (value as Record<string, unknown>)[key]);
    if (typeof held !== "object" || held === null || depth > 3) continue;
    const { resolve } = held as { resolve?: unknown };
    if (typeof resolve === "function")
      attempt(() => (resolve as (from: Environment) => unknown).call(held, environment));
    else problems.push(...findProblems(held, environment, depth + 1));
  }
  return problems;
}

/** A sign-in assertion holds for some minutes, and a window ends by the server's time. */
const skewWarning = 30_000;
const skewWrong = 180_000;

export interface Asking {
  environment: Environment;
  signal: AbortSignal;
}

/** Signs in, and asks for the time. Of a folder there is nobody to ask. */
export async function askConnection(connection: Connection, { environment, signal }: Asking): Promise<Finding[]> {
  const check = `connection ${connection.name}`;
  if (connection.path !== undefined) return [ok(check, `the folder ${showPath(connection.path)} is there`)];
  try {
    const { source, target } = await openConnection(connection, { environment, onRetry: () => undefined, signal });
    try {
      await target.readAllowance();
      const told = target.warnings.map((text) => warning(check, text, "see docs/connectors.md"));
      const signedIn = ok(check, `signed in, org ${target.orgId}`);
      if (source.records === undefined) return [signedIn, ...told];
      const skew = now().getTime() - (await source.records.readClock()).getTime();
      return [signedIn, ...told, judgeSkew(connection.name, skew)];
    } finally {
      target.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    return [wrongBy(check, error, `loadline connections test ${connection.name}`)];
  }
}

/** `skewMs`: how far this machine's clock is ahead. */
export function judgeSkew(name: string, skewMs: number): Finding {
  const check = `clock ${name}`;
  // It tells whole seconds.
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  if (seconds * 1000 < skewWarning) return ok(check, "this machine's clock and the system's agree");
  const told = `this machine's clock is ${seconds} s ${skewMs > 0 ? "ahead of" : "behind"} the system's`;
  const next = "set the clock by NTP (timedatectl set-ntp true)";
  return Math.abs(skewMs) < skewWrong
    ? warning(check, told, next)
    : wrong(check, `${told}: sign-ins by JWT are refused, and times of runs are wrong`, next);
}
