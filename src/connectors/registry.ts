// The connectors, one line each. In: a connection as connections.yaml names it. Out: its connector. Must hold: what opens a
// system is loaded when it is first used, so that a command pays only for what it talks to.

import type { ConnectionContext, OpenConnection } from "../contract/connection.ts";
import type { Connector } from "../contract/connector.ts";
import type { Connection } from "../job/job.ts";
import { duckdb } from "./duckdb/connector.ts";
import { files } from "./file/connector.ts";
import { hubspot } from "./hubspot/connector.ts";
import { mysql } from "./mysql/connector.ts";
import { oracle } from "./oracle/connector.ts";
import { postgres } from "./postgres/connector.ts";
import { salesforce } from "./salesforce/connector.ts";
import { sftp } from "./sftp/connector.ts";
import { sqlite } from "./sqlite/connector.ts";
import { sqlserver } from "./sqlserver/connector.ts";

export const connectors: readonly Connector[] = [
  salesforce,
  hubspot,
  postgres,
  mysql,
  sqlserver,
  oracle,
  sqlite,
  duckdb,
  sftp,
  files,
];

export function connectorOf({ type }: Pick<Connection, "type">): Connector {
  const connector = connectors.find((one) => one.type === type);
  if (connector === undefined) throw new Error(`no connector is of type ${type}`);
  return connector;
}

/** Signs in. */
export function openConnection(connection: Connection, context: ConnectionContext): Promise<OpenConnection> {
  return connectorOf(connection).open(connection, context);
}
