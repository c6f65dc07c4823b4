// Tables that a job wants made. In: what is mapped, with its types. Out: the table as it would be, and what makes it. Must hold:
// a plan leaves nothing behind; what is made is what was told; a second try meets what the first one made and is content.

import type { NewTables } from "../../contract/describe.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import type { DescribedTable, NewTableDialect, SqlClient, SqlSession } from "./dialect.ts";

/** What is known of tables, planned ones too, and how one is asked for. */
interface Known<Table> {
  described: Map<string, Promise<Table>>;
  describe(name: string): Promise<Table>;
}

export function openNewTables<Session extends SqlSession, Table extends DescribedTable>(
  client: SqlClient<Session>,
  dialect: NewTableDialect<Session, Table>,
  { described, describe }: Known<Table>,
): NewTables {
  const planned = new Map<string, string[]>();
  const find = async (name: string) => {
    try {
      return await describe(name);
    } catch (error) {
      if (error instanceof Failure && error.exitCode === exitCode.usage) return undefined;
      throw error;
    }
  };
  return {
    nameNew: (object) =>
      client.explain(`naming ${object}`, () => client.transact("read", (session) => dialect.nameNew(session, object))),
    isThere: async (object) => (await find(object)) !== undefined,
    async plan(asked) {
      const present = await find(asked.object);
      const made = await client.explain(`planning ${asked.object}`, () =>
        undone(client, (session) => dialect.plan(session, asked, present)),
      );
      described.set(asked.object, Promise.resolve(made.table));
      planned.set(asked.object, made.statements);
      return made.statements;
    },
    async make(object) {
      const statements = planned.get(object) ?? [];
      planned.delete(object);
      if (statements.length > 0) {
        await client.explain(`making ${object}`, () =>
          client.transact("write", async (session) => {
            for (const statement of statements) await session.rows(statement);
          }),
        );
      }
      described.delete(object);
    },
  };
}

/** What `act` gives, of a transaction that leaves nothing. */
async function undone<Session extends SqlSession, T>(
  client: SqlClient<Session>,
  act: (session: Session) => Promise<T>,
): Promise<T> {
  const undo = new Error("undone");
  let given: { value: T } | undefined;
  try {
    await client.transact("write", async (session) => {
      given = { value: await act(session) };
      throw new Failure(exitCode.failed, undo.message, { cause: undo });
    });
  } catch (error) {
    if (given === undefined || !(error instanceof Failure) || error.cause !== undo) throw error;
  }
  if (given === undefined) throw undo;
  return given.value;
}
