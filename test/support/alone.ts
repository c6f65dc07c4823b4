// The test files that run in a process of their own: they replace modules or the clock, which the others that a worker
// runs in its process would meet (vitest.config.ts).

export const alone: readonly string[] = [
  "test/checkpoint/made-at-once.test.ts",
  "test/http/outcome.test.ts",
  "test/http/pace.test.ts",
  "test/http/retry.test.ts",
  "test/report/progress.test.ts",
  "test/run/budget.test.ts",
  "test/sandbox/bulk-jobs.test.ts",
  "test/sandbox/hubspot-exports.test.ts",
  "test/sandbox/hubspot-limits.test.ts",
  "test/sandbox/sandbox.test.ts",
];
