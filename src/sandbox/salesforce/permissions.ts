// The signed-in user's permissions over the whole org. They can change at any moment, as an administrator changes them.

import { ApiError } from "./errors.ts";

/** The refusal of every data call where the user lacks "API Enabled". */
export function apiDisabled(): ApiError {
  return new ApiError(403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.");
}

/** The refusal of /limits where the user lacks "View Setup and Configuration". */
export function viewSetupMissing(): ApiError {
  return new ApiError(
    403,
    "FUNCTIONALITY_NOT_ENABLED",
    "You must have the View Setup and Configuration permission to get the limits of the organization",
  );
}
