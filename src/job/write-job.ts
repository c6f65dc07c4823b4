// A job as the YAML that a person would write.

import { stringify } from "yaml";

export function writeJob(job: object): string {
  return stringify(job, { lineWidth: 0 });
}
