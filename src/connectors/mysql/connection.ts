// A MySQL or MariaDB database as connections.yaml names it.

import type { z } from "zod";
import type { ConnectionProblem, ConnectionScope } from "../../job/connection-type.ts";
import { findServerProblems, readServer, type ServerConnection, serverShape } from "../sql/connection.ts";
import type { UrlDialect } from "../sql/url.ts";

export interface MysqlConnection extends ServerConnection {
  type: "mysql";
}

export const mysqlShape = serverShape(
  "mysql",
  "mysql://host:port/database; the path of a socket as host: mysql://%2Frun%2Fmysqld%2Fmysqld.sock/db.",
);

type WrittenMysql = z.infer<typeof mysqlShape>;

/** https://dev.mysql.com/doc/refman/8.4/en/connecting-using-uri-or-key-value-pairs.html */
const url: UrlDialect = { schemes: ["mysql", "mariadb"], usualPort: 3306, parameter: "ssl-mode" };

export function findMysqlProblems(written: WrittenMysql): ConnectionProblem[] {
  return findServerProblems(written, url);
}

export function readMysql(written: WrittenMysql, scope: ConnectionScope): MysqlConnection {
  return readServer("mysql", written, scope, url);
}
