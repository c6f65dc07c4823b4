// How a phone number can be written: what a job may say, and what computes it (which is loaded with its library) both know.

/** The first is what `phone` gives without being told. */
export const phoneForms = ["e164", "international", "national"] as const;
