// The account behind a connection: who it is, what its calls have cost, and what is left of the day.

/** API calls of a day (a rolling 24 hours), of the whole org. */
export interface Allowance {
  used: number;
  max: number;
  /** Percent of the org's that `max` is, where the connection keeps to a share of it. */
  share?: number;
}

/** Who is signed in, and where, as a person knows both; null where that can't be seen. */
export interface Identity {
  user: string | null;
  /** Of the org. */
  name: string | null;
  /** A sandbox, say, or a trial. */
  kind: string | null;
}

export interface Account {
  /** The org or portal that the connection answers with. State is kept under it. */
  readonly orgId: string;
  /** Calls made so far. */
  readonly apiCalls: number;
  /** Milliseconds spent waiting for answers so far. */
  readonly waitedMs: number;
  /** What a person should know of the connection; grows. */
  readonly warnings: readonly string[];
  /** As the latest answer told it; undefined as long as none did. */
  readonly allowance: Allowance | undefined;
  /** Asks for the allowance; undefined where the user may not see it. */
  readAllowance(): Promise<Allowance | undefined>;
  /** Asks who is signed in; absent where the system has nothing to say of it. */
  readIdentity?(): Promise<Identity>;
  /** Runs `act`; a call that failed for good becomes a Failure that says what to do. */
  explain<T>(doing: string, act: () => Promise<T>): Promise<T>;
  close(): void;
}
