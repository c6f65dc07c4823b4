import { expect, test } from "vitest";
import * as clock from "../../src/core/clock.ts";
import { CallFault, faultOfSocket, faultOfStatus } from "../../src/http/outcome.ts";
import { replace } from "../support/replaced.ts";

replace(clock, { now: () => new Date("2026-11-21T00:00:00Z") });

const socket = (code: string, connected: boolean) => {
  const error = Object.assign(new Error(code), { code });
  const { outcome, transient } = faultOfSocket(error, connected, "GET /x");
  return { outcome, transient };
};

const status = (status: number, retryAfter: string | undefined, isOwn: boolean) => {
  const { outcome, transient } = faultOfStatus({ status, retryAfter, body: "", isOwn }, "GET /x");
  return { outcome, transient };
};

test.each([
  ["ECONNREFUSED", false],
  ["ENOTFOUND", false],
  ["EAI_AGAIN", false],
  ["ETIMEDOUT", false],
])("%s before a connection stands is a refusal that may pass", (code, connected) => {
  expect(socket(code, connected)).toEqual({ outcome: "refused", transient: true });
});

test.each(["ECONNRESET", "EPIPE", "ETIMEDOUT", ""])(
  "%s once the request may have been read leaves it unknown what became of it",
  (code) => {
    expect(socket(code, true)).toEqual({ outcome: "unknown", transient: true });
  },
);

test.each(["CERT_HAS_EXPIRED", "DEPTH_ZERO_SELF_SIGNED_CERT", "ERR_TLS_CERT_ALTNAME_INVALID"])(
  "%s is refused for good: waiting changes no certificate",
  (code) => {
    expect(socket(code, false)).toEqual({ outcome: "refused", transient: false });
  },
);

test.each([
  [400, undefined, "refused", false],
  [401, undefined, "refused", false],
  [403, undefined, "refused", false],
  [404, undefined, "refused", false],
  [408, undefined, "refused", true],
  [302, undefined, "refused", false],
  [429, undefined, "refused", true],
  [429, "1", "refused", true],
  [500, undefined, "unknown", true],
  [502, undefined, "unknown", true],
  [503, undefined, "unknown", true],
  [503, "1", "refused", true],
  [504, undefined, "unknown", true],
] as const)(
  "HTTP %i (Retry-After %s) of the system itself is %s, transient %s; of a gateway it tells nothing",
  (code, retryAfter, outcome, transient) => {
    expect(status(code, retryAfter, true)).toEqual({ outcome, transient });
    expect(status(code, retryAfter, false)).toEqual({ outcome: "unknown", transient });
  },
);

test.each([
  ["0", 0],
  ["7", 7000],
  ["Sat, 21 Nov 2026 00:00:30 GMT", 30_000],
  ["Fri, 20 Nov 2026 00:00:00 GMT", 0],
  ["soon", undefined],
] as const)("Retry-After %s is %s ms", (value, retryAfterMs) => {
  expect(faultOfStatus({ status: 429, retryAfter: value, body: "", isOwn: true }, "GET /x").retryAfterMs).toBe(
    retryAfterMs,
  );
});

test("a fault tells the start of the answer's body and no more", () => {
  const fault = faultOfStatus({ status: 500, retryAfter: undefined, body: "x".repeat(5000), isOwn: false }, "GET /x");
  expect(fault).toBeInstanceOf(CallFault);
  expect(fault.message.length).toBeLessThan(400);
});
