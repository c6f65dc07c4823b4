// A remote that misbehaves by a script, for the load protocol: calls that are refused, lost before or after they took
// effect, or take effect late; and a process that dies before or after any call or ledger entry.
// In: a script. Out: how often the batch's rows landed. What must hold: as with Bulk API 2.0, nothing lands but through
// the commit of an open handle that was uploaded to exactly once.

import { assertTransition } from "../../src/checkpoint/batch-states.ts";
import { proofOf } from "../../src/connectors/kit/proof.ts";
import type { BatchState, CallWrites, JobWrites, TransactionWrites, Writes } from "../../src/contract/write.ts";
import { CallFault } from "../../src/http/outcome.ts";
import type { LoadContext, LoadedBatch } from "../../src/load/loaded-batch.ts";

export const mishaps = ["done", "refused", "lost before", "lost after", "late", "dies before", "dies after"] as const;

export type Mishap = (typeof mishaps)[number];

/** The end of the process. */
export class Death extends Error {}

interface Handle {
  state: "open" | "processing" | "complete" | "aborted";
  uploads: number;
}

export class ScriptedRemote {
  readonly handles = new Map<string, Handle>();
  /** Of the transactions that came to their end. */
  readonly marks = new Set<string>();
  /** How often the rows of the batch were written. */
  landed = 0;
  /** How often the remote wrote the batch's rows by a call without a handle, and how the last answer told them. */
  written = 0;
  told: "created" | "found" | "unsure" | undefined;
  /** The batch as the ledger has it. */
  batch: LoadedBatch;
  readonly #script: Mishap[];
  /** Effects still on their way. */
  #late: (() => void)[] = [];

  constructor(script: readonly Mishap[], batch: LoadedBatch) {
    this.#script = [...script];
    this.batch = batch;
  }

  context(): LoadContext<LoadedBatch> {
    return {
      target: { writes: this.#writes() },
      advance: (batch, state, change) => {
        assertTransition(batch.state, state);
        this.batch = this.#act(() => ({ ...batch, ...change, state }), { remote: false });
        return this.batch;
      },
      settle: async (batch, ended, fetch) => {
        if (batch.via !== "bulk") await fetch({ succeeded: "", failed: "", unprocessed: "" });
        const state = ended.state === "complete" ? "settled" : "in-doubt";
        this.batch = { ...batch, state };
        return this.batch;
      },
      journal: () => ({ kept: new Map(), keep: () => undefined }),
      isUnknown: (error) => error instanceof CallFault && error.outcome === "unknown",
      isWithoutEffect: (error) => error instanceof CallFault && error.outcome === "refused",
      isRefused: (error) => error instanceof CallFault && error.outcome === "refused" && !error.transient,
      ageDays: 0,
      polls: () => ({ firstMs: () => 0, nextMs: () => 0, end: () => 0 }),
      onSent: () => undefined,
      onProcessed: () => undefined,
      onEnded: () => undefined,
      signal: new AbortController().signal,
    };
  }

  #writes(): Writes {
    return { job: this.#jobs(), calls: this.#calls(), transaction: this.#transactions() };
  }

  /** A database that takes a mark once: a second transaction with it is refused. */
  #transactions(): TransactionWrites {
    return {
      write: async (mark) =>
        this.#act(() => {
          if (this.marks.has(mark)) throw fault("refused");
          this.marks.add(mark);
          this.landed += 1;
        }),
      remembers: async (mark) => this.#act(() => this.marks.has(mark)),
      fetchResults: async (mark) =>
        this.#act(() => {
          if (!this.marks.has(mark)) throw new Error(`${mark} was never written`);
        }),
    };
  }

  #calls(): CallWrites {
    return {
      proofOf,
      // Upserts by a unique key: made again, the call finds what it made.
      write: async (_batch, again) => {
        this.told = this.#act(() => {
          const found = this.written > 0;
          this.written += 1;
          return found ? (again ? "unsure" : "found") : "created";
        });
      },
    };
  }

  #jobs(): JobWrites {
    return {
      handlesKeptDays: 7,
      open: async () =>
        this.#act(() => {
          const id = `handle ${this.handles.size + 1}`;
          this.handles.set(id, { state: "open", uploads: 0 });
          return id;
        }),
      upload: async (id) => this.#act(() => this.#withOpen(id, (handle) => (handle.uploads += 1))),
      commit: async (id) => this.#act(() => this.#withOpen(id, (handle) => this.#close(handle))),
      abandon: async (id) =>
        this.#act(() => {
          const handle = this.#handle(id);
          if (handle.state === "open") handle.state = "aborted";
          return handle.state === "aborted";
        }),
      inspect: async (id) => this.#act(() => this.#inspect(id)),
      fetchResults: async () => undefined,
    };
  }

  #handle(id: string): Handle {
    const handle = this.handles.get(id);
    if (handle === undefined) throw new Error(`there is no ${id}`);
    return handle;
  }

  #withOpen(id: string, change: (handle: Handle) => void): void {
    const handle = this.#handle(id);
    if (handle.state !== "open") throw fault("refused");
    change(handle);
  }

  #close(handle: Handle): void {
    // A second upload has made the job unusable.
    if (handle.uploads > 1) throw fault("refused");
    handle.state = "processing";
    this.landed += handle.uploads;
  }

  #inspect(id: string): BatchState {
    const handle = this.#handle(id);
    const { state } = handle;
    if (state === "processing") handle.state = "complete";
    if (state === "complete") return { state, processed: 1, failed: 0 };
    if (state === "processing") return { state, processed: 0 };
    return state === "aborted" ? { state, untouched: true } : { state };
  }

  /** One call, or one entry of the ledger (which can only be cut off by the end of the process). */
  #act<T>(effect: () => T, { remote } = { remote: true }): T {
    const mishap = this.#script.shift() ?? "done";
    if (mishap === "dies before") throw new Death();
    if (!remote) {
      const result = effect();
      if (mishap === "dies after") {
        this.batch = result as LoadedBatch;
        throw new Death();
      }
      return result;
    }
    if (mishap === "refused") throw fault("refused");
    if (mishap === "lost before") throw fault("unknown");
    const late = this.#late;
    this.#late = [];
    if (mishap === "late") {
      this.#late = [...late, () => void attempt(effect)];
      throw fault("unknown");
    }
    try {
      const result = effect();
      if (mishap === "lost after") throw fault("unknown");
      if (mishap === "dies after") throw new Death();
      return result;
    } finally {
      for (const arrive of late) arrive();
    }
  }
}

function attempt(effect: () => unknown): void {
  try {
    effect();
  } catch (error) {
    if (!(error instanceof CallFault)) throw error;
  }
}

function fault(outcome: "refused" | "unknown"): CallFault {
  return new CallFault(outcome, { outcome, transient: outcome === "unknown" });
}
