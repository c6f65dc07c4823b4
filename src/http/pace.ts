// How fast calls may go out where a system counts them by time. All processes that work on one account keep one pace:
// a row of a SQLite file says when the next call is due.
// In: the limit, and what the server says of it. Out: each call's turn. Must hold: in any window of the limit's length
// there are at most so many turns, over all processes; a turn is counted in the instant it is given, so a killed
// process holds up nobody. Who comes after a whole idle window gets a quarter of the limit at once, so that a short load
// does not wait; then turns come evenly (the generic cell rate algorithm, ITU-T I.371), in the window that holds the
// burst at what it left, afterwards at the whole limit.

import { monotonicMs, now, wait } from "../core/clock.ts";
import { type DatabaseSync, isDamage, openSqlite, removeSqlite, type StatementSync } from "../core/sqlite.ts";

export interface PaceLimit {
  /** Calls in any window of windowMs: at least 1. */
  calls: number;
  windowMs: number;
}

/** A row of the file: when the next call is due, in milliseconds of the wall clock. */
interface PaceState {
  calls: number;
  windowMs: number;
  /** 1: the server told the limit. */
  told: number;
  /** When the next even turn is due. */
  due: number;
  /** Turns of the burst that are left, and when the last one was given. */
  burst: number;
  burstAt: number;
  /** When the last turn was given. */
  last: number;
  heldUntil: number;
  /** When the row was last changed. */
  changed: number;
}

interface Waiter {
  arrived: number;
  resolve(waitedMs: number): void;
  reject(reason: unknown): void;
  signal: AbortSignal;
  abandon(): void;
}

const dayMs = 86_400_000;
const burstShare = 0.25;
/** Below, a burst is not worth its window. */
const burstCallsMin = 8;
/** From so many calls on turns may make up for a timer that came late, by one turn. */
const catchUpCallsMin = 20;

export class Pace implements Disposable {
  readonly #database: DatabaseSync;
  readonly #name: string;
  readonly #read: StatementSync;
  readonly #write: StatementSync;
  readonly #queue: Waiter[] = [];
  #serving = false;
  /** Ends the wait for a turn that nobody here wants any more. */
  #sleep: AbortController | undefined;

  private constructor(database: DatabaseSync, name: string) {
    this.#database = database;
    this.#name = name;
    this.#read = database.prepare(
      "SELECT calls, window_ms AS windowMs, told, due, burst, burst_at AS burstAt, last, held_until AS heldUntil, changed FROM pace WHERE name = ?",
    );
    this.#write = database.prepare(
      "UPDATE pace SET calls = ?, window_ms = ?, told = ?, due = ?, burst = ?, burst_at = ?, last = ?, held_until = ?, changed = ? WHERE name = ?",
    );
  }

  /**
   * Joins the pace of this name in this file, made if it is not there. A limit that the server told (`adjust`) stays
   * in force over the one given here. What is damaged is made anew, and `onLost` told: it is nothing that lasts.
   */
  static open(path: string, name: string, limit: PaceLimit, onLost: (message: string) => void = () => undefined): Pace {
    const lost = `${path} was damaged and is made anew: calls of the last seconds are not counted`;
    try {
      const pace = Pace.#join(path, name, limit);
      if (pace.#isSound()) return pace;
      pace.#database.close();
    } catch (error) {
      if (!isDamage(error)) throw error;
    }
    onLost(lost);
    removeSqlite(path);
    return Pace.#join(path, name, limit);
  }

  static #join(path: string, name: string, limit: PaceLimit): Pace {
    const database = openSqlite(path, { synchronous: "OFF" });
    database.exec(
      "CREATE TABLE IF NOT EXISTS pace (name TEXT PRIMARY KEY, calls REAL NOT NULL, window_ms REAL NOT NULL, told INTEGER NOT NULL, due REAL NOT NULL, burst REAL NOT NULL, burst_at REAL NOT NULL, last REAL NOT NULL, held_until REAL NOT NULL, changed REAL NOT NULL) WITHOUT ROWID",
    );
    database
      .prepare(
        "INSERT INTO pace VALUES (?, ?, ?, 0, 0, 0, 0, 0, 0, 0) ON CONFLICT DO UPDATE SET calls = excluded.calls, window_ms = excluded.window_ms WHERE told = 0",
      )
      .run(name, limit.calls, limit.windowMs);
    return new Pace(database, name);
  }

  /** Whether the file is whole, and what it says can be: no system holds calls up for longer than a day. */
  #isSound(): boolean {
    const [found] = this.#database.prepare("PRAGMA quick_check(1)").all();
    const state = this.#read.get(this.#name) as unknown as PaceState;
    const { calls, windowMs, changed, due, heldUntil } = state;
    const isNumeric = Object.values(state).every((value) => typeof value === "number" && Number.isFinite(value));
    const isSoon = Math.max(due, heldUntil) - changed <= dayMs && changed <= now().getTime() + dayMs;
    return Object.values(found ?? {})[0] === "ok" && isNumeric && calls >= 1 && windowMs > 0 && isSoon;
  }

  /** Waits until a call may be made, and counts it. Returns ms waited. Rejects when the signal aborts. */
  take(signal: AbortSignal): Promise<number> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const abandon = (): void => this.#settle(waiter, () => reject(signal.reason));
      const waiter: Waiter = { arrived: monotonicMs(), resolve, reject, signal, abandon };
      signal.addEventListener("abort", abandon, { once: true });
      this.#queue.push(waiter);
      if (!this.#serving) this.#serve().catch((error: unknown) => this.#rejectAll(error));
    });
  }

  /** The server says how much is used or that we must stop: no call before this time (e.g. after a 429). */
  holdUntil(epochMs: number): void {
    this.#change((state, at) => {
      if (epochMs <= Math.max(at, state.heldUntil)) return undefined;
      // Behind the hold calls go on evenly: a burst would run into the same limit again.
      return { ...state, heldUntil: epochMs, due: Math.max(state.due, epochMs), burst: 0, last: epochMs };
    });
  }

  /** The limit as the server tells it, which may differ from what we assumed. It holds for turns from now on. */
  adjust(limit: PaceLimit): void {
    this.#change((state) => {
      const known = state.told === 1 && state.calls === limit.calls && state.windowMs === limit.windowMs;
      return known ? undefined : { ...state, calls: limit.calls, windowMs: limit.windowMs, told: 1 };
    });
  }

  /** Closes the file. Who still waits is rejected. */
  [Symbol.dispose](): void {
    this.#rejectAll(new Error(`the pace ${this.#name} was closed`));
    this.#database.close();
  }

  /** Gives turns in the order of arrival until nobody waits. */
  async #serve(): Promise<void> {
    this.#serving = true;
    try {
      for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
        const leftMs = this.#tryTurn();
        if (leftMs > 0) {
          this.#sleep = new AbortController();
          await wait(Math.ceil(leftMs), this.#sleep.signal).catch(() => undefined);
        } else {
          this.#settle(first, () => first.resolve(monotonicMs() - first.arrived));
          // The caller acts on its turn before the next is given.
          await undefined;
        }
      }
    } finally {
      this.#serving = false;
    }
  }

  /** Counts a call if it is due and gives 0; else gives the milliseconds till then. */
  #tryTurn(): number {
    let leftMs = 0;
    this.#change((state, at) => {
      const isIdle = at - state.last > state.windowMs;
      const burst = isIdle ? burstOf(state) : state.burst;
      leftMs = Math.max(0, burst > 0 ? 0 : state.due - at, state.heldUntil - at);
      if (leftMs > 0) return undefined;
      const burstAt = burst > 0 ? at : state.burstAt;
      const { intervalMs, catchUpMs } = turnsOf(state, at - burstAt <= state.windowMs);
      const due = (burst > 0 ? at : Math.max(state.due, at - catchUpMs)) + intervalMs;
      return { ...state, burst: Math.max(0, burst - 1), burstAt, last: at, due };
    });
    return leftMs;
  }

  /** Changes the row, or leaves it where the change gives none. Nobody else changes it meanwhile. */
  #change(change: (state: PaceState, at: number) => PaceState | undefined): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      // The clock is read behind the lock: the times in the row come in the order of the changes.
      const at = now().getTime();
      const { changed, ...rest } = this.#read.get(this.#name) as unknown as PaceState;
      // A clock that was set back: what was to come is as far away as it was at the last change.
      const back = Math.max(0, changed - at);
      const state = {
        ...rest,
        due: rest.due - back,
        burstAt: rest.burstAt - back,
        last: rest.last - back,
        heldUntil: rest.heldUntil - back,
        changed: at,
      };
      const next = change(state, at) ?? (back > 0 ? state : undefined);
      if (next !== undefined) this.#save(next, at);
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  #save({ calls, windowMs, told, due, burst, burstAt, last, heldUntil }: PaceState, at: number): void {
    this.#write.run(calls, windowMs, told, due, burst, burstAt, last, heldUntil, at, this.#name);
  }

  #settle(waiter: Waiter, settle: () => void): void {
    waiter.signal.removeEventListener("abort", waiter.abandon);
    const index = this.#queue.indexOf(waiter);
    if (index >= 0) this.#queue.splice(index, 1);
    settle();
    if (this.#queue.length === 0) this.#sleep?.abort();
  }

  #rejectAll(reason: unknown): void {
    for (const waiter of [...this.#queue]) this.#settle(waiter, () => waiter.reject(reason));
  }
}

/** Turns that come at once after an idle window. */
function burstOf({ calls }: PaceLimit): number {
  return calls < burstCallsMin ? 0 : Math.floor(calls * burstShare);
}

/** The space between even turns, and how much earlier than that one may come after one that came late. */
function turnsOf(limit: PaceLimit, sharesWithBurst: boolean): { intervalMs: number; catchUpMs: number } {
  const catchUp = limit.calls < catchUpCallsMin ? 0 : 1;
  const turns = limit.calls - catchUp - (sharesWithBurst ? burstOf(limit) : 0);
  // One millisecond more: the clock gives whole ones, so what it calls a window may be that much shorter.
  const intervalMs = (limit.windowMs + 1) / turns;
  return { intervalMs, catchUpMs: catchUp * intervalMs };
}
