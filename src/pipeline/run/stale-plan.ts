// The failure of a plan that can't be written as it is, or not any more.

import { Failure, type FailureDetails } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";

export function stalePlan(message: string, details: FailureDetails): Failure {
  return new Failure(exitCode.stalePlan, message, details);
}
