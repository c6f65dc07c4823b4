// Property tests draw the same cases on every run of the gate, so that a change is what a failure is about;
// LOADLINE_PROPERTY_SEED=<number> draws others (CONTRIBUTING.md).

import fc from "fast-check";

fc.configureGlobal({ seed: Number(process.env["LOADLINE_PROPERTY_SEED"] ?? 20_261_121) });
