// An Oracle database as connections.yaml names it.

import type { z } from "zod";
import type { ConnectionProblem, ConnectionScope } from "../../job/connection-type.ts";
import { findServerProblems, readServer, type ServerConnection, serverShape } from "../sql/connection.ts";
import type { UrlDialect } from "../sql/url.ts";

export interface OracleConnection extends ServerConnection {
  type: "oracle";
}

/** The driver takes no certificates but Node's own: NODE_EXTRA_CA_CERTS has others. */
export const oracleShape = serverShape("oracle", "oracle://host:port/service.").omit({ ca_file: true });

type WrittenOracle = z.infer<typeof oracleShape>;

const url: UrlDialect = { schemes: ["oracle"], usualPort: 1521, parameter: "ssl_server_dn_match" };

export function findOracleProblems(written: WrittenOracle): ConnectionProblem[] {
  return findServerProblems(written, url);
}

export function readOracle(written: WrittenOracle, scope: ConnectionScope): OracleConnection {
  return readServer("oracle", written, scope, url);
}
