// What loadline uses of tedious, which is installed by those who connect to SQL Server: its own typings are not there otherwise
// (https://tediousjs.github.io/tedious/api-connection.html).

declare module "tedious" {
  import type { EventEmitter } from "node:events";

  export interface DataType {
    readonly name: string;
  }
  export const TYPES: Readonly<Record<"Int" | "NVarChar", DataType>>;
  export const ISOLATION_LEVEL: Readonly<Record<"READ_COMMITTED" | "SERIALIZABLE" | "SNAPSHOT", number>>;

  export interface Column {
    value: unknown;
    metadata: { colName: string };
  }

  export class Request extends EventEmitter {
    constructor(sql: string, done: (error: Error | null | undefined, rowCount?: number) => void);
    addParameter(name: string, type: DataType, value: unknown): void;
    pause(): void;
    resume(): void;
  }

  export interface BulkLoad {
    addColumn(name: string, type: DataType, options: { nullable: boolean; length?: number }): void;
  }

  export interface ConnectionConfiguration {
    server: string;
    authentication: { type: "default"; options: { userName: string; password: string } };
    options: Readonly<Record<string, unknown>>;
  }

  type Done = (error: Error | null | undefined) => void;

  export class Connection extends EventEmitter {
    constructor(configuration: ConnectionConfiguration);
    connect(done: (error?: Error) => void): void;
    execSql(request: Request): void;
    execSqlBatch(request: Request): void;
    newBulkLoad(table: string, done: (error: Error | null | undefined, rowCount?: number) => void): BulkLoad;
    execBulkLoad(load: BulkLoad, rows: Iterable<readonly unknown[]>): void;
    beginTransaction(done: Done, name: string, isolationLevel: number): void;
    commitTransaction(done: Done): void;
    cancel(): boolean;
    close(): void;
  }
}
