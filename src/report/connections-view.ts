// Connections as a person reads them: a table of what there is, a sentence of what a sign-in told.

import { type Look, renderLines } from "./lines.ts";
import { countOf, showCount } from "./numbers.ts";
import { type Column, tableLines } from "./table.ts";

export interface ListedConnection {
  connection: string;
  type: string;
  holds: string;
  protected: boolean;
}

const columns: readonly Column<ListedConnection>[] = [
  { title: "connection", cell: ({ connection }) => connection, tone: () => "strong" },
  { title: "type", cell: ({ type }) => type },
  { title: "holds", cell: ({ holds }) => holds },
  { title: "", cell: ({ protected: isProtected }) => (isProtected ? "protected: loading wants --yes" : "") },
];

export function connectionLines(all: readonly ListedConnection[], look: Look): string {
  return all.length === 0 ? "connections.yaml has no connections" : renderLines(tableLines(columns, all, ""), look);
}

export interface SignedIn {
  connection: string;
  org: string;
  identity: { user: string | null; name: string | null; kind: string | null } | null;
  allowance: { used: number; max: number } | null;
}

export function testedLine({ connection, org, identity, allowance }: SignedIn): string {
  const { user = null, name = null, kind = null } = identity ?? {};
  const named = [name === null ? [] : `"${name}"`, kind ?? []].flat().join(", ");
  const left =
    allowance === null
      ? []
      : `${showCount(Math.max(0, allowance.max - allowance.used))} of ${countOf(allowance.max, "API call")} of the day left`;
  const parts = [
    user === null ? "signed in" : `signed in as ${user}`,
    `org ${org}${named === "" ? "" : ` (${named})`}`,
    left,
  ];
  return `${connection}: ${identity === null && allowance === null ? `ok, ${org}` : parts.flat().join(", ")}`;
}
