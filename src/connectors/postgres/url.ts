// The address of a PostgreSQL database: postgres://host:port/database, or with the folder of the server's socket, as in
// libpq: postgres://%2Fvar%2Frun%2Fpostgresql/database
// (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS).

import type { UrlDialect } from "../sql/url.ts";

export const postgresUrl: UrlDialect = { schemes: ["postgres", "postgresql"], usualPort: 5432, parameter: "sslmode" };
