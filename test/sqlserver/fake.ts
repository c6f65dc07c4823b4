// A driver like tedious, with a server that answers by rules: what no server is to be had for in the tests.

import { EventEmitter } from "node:events";
import { SqlserverClient } from "../../src/connectors/sqlserver/client.ts";
import { readSqlserver } from "../../src/connectors/sqlserver/connection.ts";
import type { Tedious } from "../../src/connectors/sqlserver/session.ts";
import type { ConnectionContext } from "../../src/contract/connection.ts";

type Answer = readonly Record<string, unknown>[] | Error | undefined;

class Request extends EventEmitter {
  readonly values: Record<string, unknown> = {};
  isPaused = false;
  onResume = () => {};
  readonly sql: string;
  readonly done: (error?: Error | null) => void;

  constructor(sql: string, done: (error?: Error | null) => void) {
    super();
    this.sql = sql;
    this.done = done;
  }
  addParameter(name: string, _type: unknown, value: unknown): void {
    this.values[name] = value;
  }
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
    this.onResume();
  }
}

/** `answer`: of a statement. `log`: all that came. */
export function openFake(answer: (sql: string, values: Record<string, unknown>) => Answer) {
  const log: string[] = [];
  const loaded: unknown[][] = [];
  let pauses = 0;
  class Connection extends EventEmitter {
    connect(done: () => void): void {
      setImmediate(done);
    }
    execSqlBatch(request: Request): void {
      this.execSql(request);
    }
    execSql(request: Request): void {
      const values = Object.values(request.values);
      log.push(values.length === 0 ? request.sql : `${request.sql} <- ${values.join(" | ")}`);
      const told = answer(request.sql, request.values) ?? [];
      if (told instanceof Error) {
        setImmediate(() => request.done(told));
        return;
      }
      const [first = {}] = told;
      setImmediate(() =>
        request.emit(
          "columnMetadata",
          Object.keys(first).map((colName) => ({ colName })),
        ),
      );
      let at = 0;
      const send = () => {
        while (at < told.length && !request.isPaused) {
          const row = told[at] ?? {};
          at += 1;
          if (row["fails"] instanceof Error) return request.done(row["fails"]);
          request.emit(
            "row",
            Object.entries(row).map(([colName, value]) => ({ metadata: { colName }, value })),
          );
        }
        if (request.isPaused) pauses += 1;
        else request.done();
      };
      request.onResume = () => void setImmediate(send);
      setImmediate(send);
    }
    newBulkLoad(_table: string, done: (error?: Error) => void) {
      return { addColumn: () => undefined, done };
    }
    execBulkLoad(load: { done(): void }, rows: Iterable<unknown[]>): void {
      loaded.push(...rows);
      setImmediate(() => load.done());
    }
    beginTransaction(done: () => void, _name: string, level: number): void {
      log.push(`BEGIN ${level}`);
      setImmediate(done);
    }
    commitTransaction(done: () => void): void {
      log.push("COMMIT");
      setImmediate(done);
    }
    cancel(): boolean {
      return true;
    }
    close(): void {
      log.push("CLOSE");
    }
  }
  const driver = {
    Connection,
    Request,
    TYPES: { Int: { name: "Int" }, NVarChar: { name: "NVarChar" } },
    ISOLATION_LEVEL: { READ_COMMITTED: 2, SERIALIZABLE: 4, SNAPSHOT: 5 },
  } as unknown as Tedious;
  const written = { type: "sqlserver", url: "sqlserver://localhost/crm", auth: { user: "etl" } } as const;
  const place = { file: "connections.yaml", line: 1, column: 1 };
  const scope = { name: "crm", folder: "/", environment: {}, placeAt: () => place };
  const context = { environment: {}, onRetry: () => undefined, signal: new AbortController().signal };
  const client = new SqlserverClient(
    driver,
    readSqlserver(written, scope as never),
    context as unknown as ConnectionContext,
  );
  return { client, log, loaded, pauses: () => pauses };
}

/** As the server tells an error. */
export function serverError(number: number, message: string): Error {
  return Object.assign(new Error(message), { number, code: "EREQUEST" });
}
