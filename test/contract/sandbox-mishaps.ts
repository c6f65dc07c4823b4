// Mishaps as faults of the sandbox (docs/sandbox.md). In: which calls are of a kind, and what the system says in its own form.

import type { Sandbox } from "../support/rig.ts";
import { type Call, type ConnectorRig, gatewayPage, type Mishap } from "./rig.ts";

export type OwnAnswers = Partial<Record<Mishap, object>>;

/** Of the calls of a kind, each by its own path, every one meets the mishap at its nth time. */
export function sandboxMishaps(
  sandbox: Sandbox,
  calls: Record<Call, readonly string[]>,
  own: OwnAnswers,
): Pick<ConnectorRig, "setMishaps" | "mishapsMet"> {
  let placed: number[] = [];
  return {
    setMishaps(mishaps) {
      const faults = mishaps.flatMap(({ call, nth, mishap }, place) =>
        calls[call].map((match) => ({ place, fault: { match, nth: [nth], do: faultOf(mishap, own) } })),
      );
      placed = faults.map(({ place }) => place);
      return sandbox.setFaults(faults.map(({ fault }) => fault));
    },
    async mishapsMet() {
      const met = await sandbox.faultsMet();
      return new Set(placed.filter((_, index) => (met[index] ?? 0) > 0)).size;
    },
  };
}

function faultOf(mishap: Mishap, own: OwnAnswers): object {
  switch (mishap) {
    case "cut before":
    case "cut after":
      return { reset: mishap.slice("cut ".length) };
    case "cut within":
      return { truncate_after: 7 };
    case "a page":
      return { status: 200, body: gatewayPage, headers: { "Content-Type": "text/html" } };
    default:
      return typeof mishap === "number" ? { status: mishap } : { ...own[mishap] };
  }
}
