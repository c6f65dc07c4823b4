// Runs before each test file. Files share a process (vitest.config.ts), and each begins as if it had one of its own.
// Property tests draw the same cases on every run of the gate, so that a change is what a failure is about;
// LOADLINE_PROPERTY_SEED=<number> draws others (CONTRIBUTING.md).

import fc from "fast-check";
import { beginProcess } from "../../src/core/process-memory.ts";

beginProcess();
fc.configureGlobal({ seed: Number(process.env["LOADLINE_PROPERTY_SEED"] ?? 20_261_121) });
