// What loadline uses of oracledb, which is installed by those who connect to Oracle: its typings are another package
// (https://node-oracledb.readthedocs.io/en/latest/api_manual/connection.html).

declare module "oracledb" {
  interface DbType {
    readonly name: string;
  }

  export interface Metadata {
    name: string;
    dbTypeName: string;
    precision?: number;
    scale?: number;
  }

  export interface ResultSet {
    metaData: readonly Metadata[];
    getRows(count: number): Promise<unknown[][]>;
    close(): Promise<void>;
  }

  export interface BatchError extends Error {
    offset: number;
    errorNum: number;
  }

  type Bind =
    | string
    | number
    | Buffer
    | null
    | { val?: string | Buffer | null; type?: DbType; dir?: number; maxSize?: number };

  interface Result {
    rows?: unknown[][];
    metaData?: readonly Metadata[];
    resultSet?: ResultSet;
    outBinds?: Record<string, string[]>;
    rowsAffected?: number;
    batchErrors?: readonly BatchError[];
    dmlRowCounts?: readonly number[];
  }

  export interface Connection {
    execute(sql: string, binds: Record<string, Bind>, options?: Record<string, unknown>): Promise<Result>;
    executeMany(
      sql: string,
      binds: readonly Record<string, string | null>[],
      options: Record<string, unknown>,
    ): Promise<Result>;
    getStatementInfo(sql: string): Promise<{ statementType: number; metaData?: readonly Metadata[] }>;
    commit(): Promise<void>;
    break(): Promise<void>;
    close(options: { drop: boolean }): Promise<void>;
  }

  const oracledb: {
    STRING: DbType;
    BUFFER: DbType;
    CLOB: DbType;
    BIND_OUT: number;
    OUT_FORMAT_ARRAY: number;
    STMT_TYPE_SELECT: number;
    getConnection(attributes: { user: string; password: string; connectString: string }): Promise<Connection>;
  };
  export default oracledb;
}
