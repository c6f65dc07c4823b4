// Every fault at every endpoint: what the tests of both systems share.

export const html = "<html><body>Sign in to the guest network</body></html>";

/** Faults that any system can have. */
export const usualFaults = {
  "503": { status: 503 },
  "500": { status: 500 },
  "reset before": { reset: "before" },
  "reset after": { reset: "after" },
  "broken body": { truncate_after: 7 },
  "200 with a page": { status: 200, body: html, headers: { "Content-Type": "text/html" } },
  "slow answer": { drip: 4000 },
} as const;

export function crossAll<Endpoint extends string, Fault extends string>(
  endpoints: Readonly<Record<Endpoint, unknown>>,
  faults: Readonly<Record<Fault, unknown>>,
): { endpoint: Endpoint; fault: Fault }[] {
  const names = Object.keys(faults) as Fault[];
  return (Object.keys(endpoints) as Endpoint[]).flatMap((endpoint) => names.map((fault) => ({ endpoint, fault })));
}
