// What the connectors of databases do alike with a connection. In: a client, whose driver is loaded by then. Out: both sides
// of the connection, or its database prepared. Must hold: a client that is of no use any more is closed.

import type { ConnectionContext, OpenConnection } from "../../contract/connection.ts";
import type { Preparation } from "../../contract/connector.ts";
import type { Target } from "../../contract/target.ts";
import { Failure, usageFailure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import type { Connection } from "../../job/job.ts";
import type { DescribedTable, ReadDialect, SqlClient, SqlSession } from "./dialect.ts";
import type { TargetDialect } from "./target.ts";

export interface SqlConnection extends Connection {
  /** False in a rehearsal, which has no database in its place. */
  isReal: boolean;
}

/** The real one is not to be touched by a rehearsal. */
export function rehearseNone<Database extends SqlConnection>(connection: Database): Database {
  return Object.create(connection, { isReal: { value: false, enumerable: true } }) as Database;
}

/** Throws a Failure (2) in a rehearsal. */
export function requireReal({ isReal, name, place }: SqlConnection): void {
  if (isReal) return;
  throw usageFailure(`${name}: the sandbox plays no database`, {
    where: place,
    next: "try the job against a database for tests: --env names a file with other variables",
  });
}

interface Connecting<Session extends SqlSession> extends SqlClient<Session>, Pick<Target, "readIdentity"> {
  connect(): Promise<void>;
}

interface Marks<Session extends SqlSession> {
  hasMarks(session: Session): Promise<boolean>;
  prepare(session: Session): Promise<void>;
}

/** `readDialect`: where a source is read otherwise than its target. */
export async function openDatabase<Session extends SqlSession, Table extends DescribedTable>(
  client: Connecting<Session>,
  dialect: TargetDialect<Session, Table>,
  { hasMarks }: Pick<Marks<Session>, "hasMarks">,
  readDialect: ReadDialect<Session> = dialect,
): Promise<OpenConnection> {
  const [{ openSqlSource }, { openSqlTarget }] = await Promise.all([import("./source.ts"), import("./target.ts")]);
  await client.connect();
  const isPrepared = await client.explain("opening it", () => client.transact("read", hasMarks));
  return { source: openSqlSource(client, readDialect), target: openSqlTarget(client, dialect, isPrepared) };
}

/** A table of marks may be there already, and another user's. */
export function preparationOf<Session extends SqlSession>(
  { name, place }: Connection,
  statements: string,
  { hasMarks, prepare }: Marks<Session>,
  open: (context: ConnectionContext) => Connecting<Session> | Promise<Connecting<Session>>,
): Preparation {
  return {
    statements,
    async run(context) {
      const client = await open(context);
      try {
        await client.connect();
        const isPrepared = await client.explain("preparing the database", async () => {
          await client.transact("write", prepare);
          return client.transact("read", hasMarks);
        });
        if (isPrepared) return;
        throw new Failure(exitCode.signIn, `${name}: the table of marks is there, and this user may not write it`, {
          where: place,
          next: `loadline connections prepare ${name} --print prints what lets it, for an administrator`,
        });
      } finally {
        client.close();
      }
    },
  };
}
