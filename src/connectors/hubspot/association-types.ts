// The types that associations between two objects can have: plain, and those with labels that people made.
// https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide

import { suggest } from "../../core/suggest.ts";
import { rememberEach } from "../kit/remember.ts";
import type { AssociationType } from "./associations.ts";
import type { HubSpotClient } from "./client.ts";
import { associationPath } from "./paths.ts";
import { primaryLabel, primaryTypeIds } from "./properties.ts";
import { readBatchAnswer } from "./records.ts";
import type { AssociationName } from "./schema.ts";

/** The types between two objects, each pair's asked for once. */
export class AssociationTypes {
  readonly #listPair: (pair: string) => Promise<AssociationType[]>;

  constructor(client: HubSpotClient) {
    this.#listPair = rememberEach((pair) => {
      const [from = "", to = ""] = pair.split(" ");
      const doing = `reading association labels of ${from} to ${to}`;
      return client.explain(doing, async () => {
        const answer = await client.get(associationPath(from, to, "/labels"), { doing, form: { results: "list" } });
        return readBatchAnswer<AssociationType>(answer).results;
      });
    });
  }

  /** The type of a label, whatever its case; without one, that of plain associations. Undefined where there is none. */
  async find(
    from: string,
    { object, label }: Pick<AssociationName, "object" | "label">,
  ): Promise<AssociationType | undefined> {
    return (await this.#list(from, object)).find((type) => isLabelled(type, label));
  }

  /** What is wrong with a label; undefined where nothing is. */
  async explainLabel(
    from: string,
    { object, label }: AssociationName,
  ): Promise<{ message: string; suggestion?: string; next?: string } | undefined> {
    if (label === undefined || (await this.find(from, { object, label })) !== undefined) return undefined;
    const known = (await this.#list(from, object)).flatMap((type) => type.label ?? []);
    const suggestion = suggest(label, known);
    return {
      message: `${from} and ${object} have no association label "${label}"`,
      ...(suggestion === undefined
        ? { next: known.length === 0 ? "define it in HubSpot, or leave it out" : `labels: ${known.join(", ")}` }
        : { suggestion }),
    };
  }

  #list(from: string, to: string): Promise<AssociationType[]> {
    return this.#listPair(`${from} ${to}`);
  }
}

/** Labels are told apart without case. */
export function isLabelled(type: AssociationType, label: string | undefined): boolean {
  const isPrimary = type.category === "HUBSPOT_DEFINED" && primaryTypeIds.has(type.typeId);
  if (isPrimary && label?.toLowerCase() === primaryLabel) return true;
  return (type.label ?? undefined)?.toLowerCase() === label?.toLowerCase();
}
