// What a contact of a history is joined to: one account of Salesforce, any companies of HubSpot. In: keys, joined by "+" in
// the order of their letters. Out: the same. Must hold: a job adds an association, or replaces those that its plan saw;
// what another has joined meanwhile stays.

import type { History } from "./apply-model.ts";

type Way = Pick<History, "system" | "replaces">;

const listOf = (links: string): string[] => (links === "" ? [] : links.split("+"));
const linksOf = (keys: readonly string[]): string => [...new Set(keys)].sort().join("+");

/** Also what another joins. */
export function addLink(links: string, key: string): string {
  return linksOf([...listOf(links), key]);
}

/** Whether a record is joined as a row wants it. */
export function isLinked({ system, replaces }: Way, links: string, key: string): boolean {
  return system === "salesforce" || replaces ? links === key : listOf(links).includes(key);
}

/** `was`: as the plan saw it. */
export function writeLink({ system, replaces }: Way, was: string, is: string, key: string): string {
  if (system === "salesforce") return key;
  const kept = replaces ? listOf(is).filter((one) => !listOf(was).includes(one)) : listOf(is);
  return linksOf([...kept, key]);
}
