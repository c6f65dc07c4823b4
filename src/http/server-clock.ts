// The clock of a server: what changed up to when is for its time to say, not for ours.

import { monotonicMs } from "../core/clock.ts";
import type { HttpResponse } from "./client.ts";

export class ServerClock {
  #told: { serverMs: number; atMs: number } | undefined;

  /** Takes the date of an answer that has one. */
  note({ headers }: HttpResponse): void {
    const serverMs = Date.parse(headers["date"] ?? "");
    if (!Number.isNaN(serverMs)) this.#told = { serverMs, atMs: monotonicMs() };
  }

  /** To the second: the last answer's date and the time that passed since. Undefined where none was told. */
  read(): Date | undefined {
    if (this.#told === undefined) return undefined;
    const { serverMs, atMs } = this.#told;
    return new Date(Math.floor((serverMs + monotonicMs() - atMs) / 1000) * 1000);
  }
}
