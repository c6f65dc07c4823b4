// The address of a MySQL or MariaDB database: mysql://host:port/database, or with the server's socket:
// mysql://%2Frun%2Fmysqld%2Fmysqld.sock/database
// (https://dev.mysql.com/doc/refman/8.4/en/connecting-using-uri-or-key-value-pairs.html).

import { readDatabaseUrl } from "../sql/url.ts";

/** What is wrong with the text, or the address that it is. */
export function readMysqlUrl(text: string): ReturnType<typeof readDatabaseUrl> {
  return readDatabaseUrl(text, { schemes: ["mysql", "mariadb"], usualPort: 3306, parameter: "ssl-mode" });
}
