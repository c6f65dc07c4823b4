// The key of pseudonyms. In: a job and the environment. Out: the key, where the job calls the function. Must hold: it is
// written nowhere, and a job that wants one does not begin without.

import { usageFailure } from "../../core/errors.ts";
import { Secret } from "../../core/secret.ts";
import type { Environment, Job } from "../../job/job.ts";

const variable = "LOADLINE_PSEUDONYM_KEY";
/** What can be tried out is no key. */
const charactersMin = 16;

/** Throws a Failure where it lacks. */
export function readPseudonymKey(job: Job, environment: Environment): Secret | undefined {
  if (!/\bpseudonym\s*\(/i.test(JSON.stringify(job))) return undefined;
  const key = environment[variable] ?? "";
  if (key.length >= charactersMin) return new Secret(key);
  const why = key === "" ? "it is not set" : `it has fewer than ${charactersMin} characters`;
  throw usageFailure(`the function pseudonym wants a key in ${variable}`, {
    where: { file: job.file },
    why,
    next: `set ${variable}, in .env say, to what openssl rand -hex 32 gives, and keep it: another key gives other pseudonyms`,
  });
}
