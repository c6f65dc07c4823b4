// What SQL databases share: sources and targets over sessions of one user. In: a client, and the dialect of its system: how
// it quotes, what its statements and types are. Out: both sides of a connection. Must hold: a value is bound, never built into
// SQL; what a job says in SQL is taken as one SELECT that only reads; NULL and the empty text are two values; a batch and its
// mark are one transaction.

import type { Account } from "../../contract/account.ts";
import type { NewTable } from "../../contract/describe.ts";
import type { StrictColumn } from "../../contract/records.ts";
import type { Batch } from "../../contract/write.ts";
import type { Place } from "../../core/errors.ts";
import type { FieldSchema, ObjectSchema } from "../../core/model.ts";
import type { PartBytes } from "../../core/part-file.ts";
import type { ObjectSource } from "../../job/job.ts";
import type { OpenBatch } from "../kit/batch-file.ts";

/** Values as the server writes them. */
export type Row = Record<string, string | null>;

export interface SqlSession {
  /** One statement, never several, with values for its placeholders. */
  rows(statement: string, values?: readonly (string | null)[]): Promise<Row[]>;
}

/** "read" sees one snapshot and writes nothing; "history" writes versions of records, which must not overlap. */
export type TransactionKind = "read" | "write" | "history";

export interface SqlClient<Session extends SqlSession> extends Account {
  readonly name: string;
  /**
   * Runs `act` in a transaction of its own, again where what ended it passes: it must be one that may run twice. What the server refuses, and a connection that breaks, is a CallFault.
   */
  transact<T>(kind: TransactionKind, act: (session: Session) => Promise<T>): Promise<T>;
}

export interface FoundTable {
  /** As people write it: with its schema, in quotes where it needs them. */
  name: string;
  /** As SQL has it. */
  quoted: string;
  /** Columns that this user may not read, each with what lets it. */
  hidden?: ReadonlyMap<string, string>;
}

export interface TableRow extends FoundTable {
  label: string;
  /** Where the system has schemas. */
  schema?: string;
  isReadable: boolean;
  isCreateable: boolean;
  isUpdateable: boolean;
  isDeletable: boolean;
  /** No view, and nothing else that only reads. */
  isTable: boolean;
}

/** By a column's name, what the database declares it as. */
export type ColumnTypes = ReadonlyMap<string, string>;

/** A table as a target has it. */
export interface DescribedTable {
  table: TableRow;
  schema: ObjectSchema;
  /** Columns of the primary key, or of what names rows as well. */
  key: readonly string[];
  /** It is planned, and not there yet. */
  isNew?: true;
  /** Of its columns, when it was described. */
  types?: ColumnTypes;
}

/** How tables are made. */
export interface NewTableDialect<Session extends SqlSession, Table extends DescribedTable> {
  /** The name that counts of one that is not there. */
  nameNew(session: Session, written: string): Promise<string>;
  /** In a transaction that is undone: the table as it would be, and what makes it. `present`: it lacks the columns. */
  plan(session: Session, asked: NewTable, present: Table | undefined): Promise<{ table: Table; statements: string[] }>;
}

/** What an expression sees of a column. */
export interface ReadableType {
  /** DuckDB's. */
  type: string;
  /** What is to be taken of a column; it itself where not said. */
  select?: (column: string) => string;
  /** What the text of a value must be in full, and what to say of another: "… which is no date". */
  values?: StrictColumn;
}

/** A column that can't be taken as it is: "is an array", and what to write in its place. */
export interface RefusedType {
  refused: string;
  next: string;
}

export interface SelectedColumn {
  name: string;
  /** The vendor's own, for messages and the cursor; undefined where it is not known. */
  vendorType: string | undefined;
  type: ReadableType | RefusedType;
}

/** How a source is read. SQL is over `q`, what is read. */
export interface ReadDialect<Session extends SqlSession> {
  quoteName(name: string): string;
  findTable(session: Session, written: string, where?: Place): Promise<FoundTable>;
  /** None where nothing names the table's rows. */
  tableKey(session: Session, table: FoundTable): Promise<readonly string[]>;
  /** The columns of a SELECT, which the server takes as one statement, and does not run. */
  selectedColumns(session: Session, select: string): Promise<SelectedColumn[]>;
  /** What a query calls its columns, where the system gives one of two that share a name another one, once it is a table. */
  namedColumns?(session: Session, query: string): Promise<string[]>;
  /** Text that names a record by its key columns, each SQL. */
  nameByKey(columns: readonly string[]): string;
  /** Rows whose key is NULL are rejects, by name, as they are copied. */
  refusesUnnamed?: true;
  /** Text that names a record by all that it holds, and by which of those that hold the same it is. */
  nameByContent(columns: readonly string[]): string;
  /** SQL of the column as an instant. Throws a Failure (2) where it is none. */
  cursorOf(name: string, vendorType: string | undefined, where: Place): string;
  /** Text of an instant, to the microsecond: 2026-01-31T12:00:00.000000Z. */
  instantText(cursor: string): string;
  /** Gives the transaction values that SQL can name. */
  bind(session: Session, values: Readonly<Record<string, string>>): Promise<void>;
  /** SQL of a bound value that is an instant, ISO 8601; of `from` its second, for a column may hold no more of a time. */
  boundInstant(name: string): string;
  /** A SELECT of the texts of a bound value, a JSON array. */
  boundTexts(name: string): string;
  /** Writes a CSV file: an empty text in quotes, nothing at all for NULL. */
  copyOut(session: Session, select: string, path: string, signal: AbortSignal): Promise<CopiedRows>;
  /** Up to where all changes are there to be read. */
  readClock(session: Session, account: Pick<Account, "warnings">): Promise<Date>;
  /** Where rows say at which change of the whole system they were written. */
  counter?: CounterDialect<Session>;
  /** Where a user may see a part of a table's rows without being told: from then on that is an error. */
  refuseHidden?(session: Session): Promise<void>;
  /** Whether something was thrown for that. */
  isHidden?(error: unknown): boolean;
}

export interface CopiedRows {
  /** How many the server says it sent. */
  rows: number;
  /** Where its bytes were looked at as they were written. */
  content?: PartBytes;
}

/** Windows by a count of changes. */
export interface CounterDialect<Session extends SqlSession> {
  /** The `cursor` that asks for it. */
  cursor: string;
  /** Throws a Failure (2) where rows of the source don't tell it. */
  countRows(session: Session, source: ObjectSource): Promise<CountedRows>;
  /** As in the contract (`Positions`). */
  readPosition(
    session: Session,
    source: ObjectSource,
    since: string | undefined,
  ): Promise<{ to: string; lost?: string }>;
  /** Gives the transaction what SQL reads: where the window begins; undefined takes all. */
  bind(session: Session, from: string | undefined): Promise<void>;
}

/** SQL of a row's position, and whether it is in the window. */
export interface CountedRows {
  version: string;
  within: string;
}

/** Of a row of a batch, in the order of its file. */
export type RowResult = { id: string; created: boolean } | { error: RowRefusal };

export interface RowRefusal {
  code: string;
  message: string;
  fields: string[];
}

/** `n`: of the batch, from 0. */
export type WrittenRow = { n: number } & RowResult;

/** Writes rows of a batch that is staged, these included. Throws what the server says where it refuses one of them. */
export type WriteRows = (first: number, last: number) => Promise<WrittenRow[]>;

/** What a transaction goes back to where a row is refused. */
export interface Savepoint {
  set: string;
  /** Where one is given up by name. */
  release?: string;
  undo: string;
}

/** How a target is written to. */
export interface WriteDialect<Session extends SqlSession, Table extends DescribedTable> {
  /** As the standard has it, where not said. */
  savepoint?: Savepoint;
  /** Puts a batch where statements find its rows. */
  stage(session: Session, table: Table, batch: Batch, read: OpenBatch): Promise<WriteRows>;
  /** As they are declared at this moment: one query, for it is asked with each batch. */
  columnTypes?(session: Session, table: Table): Promise<ColumnTypes>;
  /** Makes some rows of a stage quick to find, once a batch is refused as a whole. */
  partStage?(session: Session): Promise<void>;
  /** What the server says of a row; undefined for what it says of something else. */
  refusalOf(error: unknown, table: Table): RowRefusal | undefined;
  /** Results under a mark, packed as hexadecimal digits; undefined where no transaction with it has come to its end. */
  readMark(session: Session, mark: string): Promise<string | undefined>;
  /** All rows of a table in the place of others: why that can't be, as a Failure (2), and how it is done, in words too. */
  replacement?: {
    how: string;
    refuse(session: Session, table: Table, place: Place): Promise<void>;
    /** Text of all versions of its rows, in whatever order they stand. `isHeld`: until the transaction ends nobody changes them. */
    content(session: Session, table: Table, isHeld: boolean): Promise<string>;
    write(session: Session, table: Table, batch: Batch, signal: AbortSignal): Promise<void>;
  };
  /** Where it keeps a row for each version of a record: digits of a second that a column of times holds. */
  versionDigits?(field: FieldSchema): number;
  /** Deletes marks that nobody will ask for; does nothing where the user may not. */
  forgetMarks?(session: Session, marks: readonly string[]): Promise<void>;
  /** A mark is taken once, also by two who come at the same time. */
  takeMark(session: Session, mark: string, packed: string): Promise<void>;
}

/** How a target is looked at. SQL is over `t`, the table. */
export interface PresentDialect<Session extends SqlSession, Table extends DescribedTable> {
  /** How many rows a table has, as its system remembers; undefined where it does not. */
  estimateRows?(session: Session, table: Table): Promise<number | undefined>;
  /** Text that names a row. */
  rowName(table: Table): string;
  /** Text that is another one once a row has changed. */
  rowVersion(table: Table): string;
  /** A field as batches have it. */
  cell(table: Table, field: string): string;
  /** BOOLEAN: the row is named, by this field, by one of the bound `keys`. */
  isAsked(table: Table, field: string): string;
}
