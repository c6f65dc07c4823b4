// A check of the suite. In: a rig. Out: nothing, or an error that says what the connector did. What must hold: a check uses
// nothing but the rig and the product.

import type { ConnectorRig, RigRequest } from "./rig.ts";

export interface Check {
  name: string;
  /** What the system is to be like. */
  given?: RigRequest;
  run(rig: ConnectorRig): Promise<void>;
}

/** Texts of the live records by their keys. */
export async function textsOf(rig: ConnectorRig): Promise<Record<string, string | undefined>> {
  return Object.fromEntries([...(await rig.live())].map(([key, { text }]) => [key, text]));
}
