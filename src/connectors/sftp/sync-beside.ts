// Bringing to a disk what has been transferred while the rest is on its way. In: how far the transfer is. Out: nothing.
// What must hold: one at a time; a failure of it ends the transfer, at the next one or at the end.

export class SyncBeside {
  readonly #everyBytes: number;
  readonly #sync: (bytes: number) => Promise<void>;
  #asked: number;
  #running: Promise<void> = Promise.resolve();

  /** `sync` brings to the disk what is there, `bytes` of it. `from`: what is there already. */
  constructor(everyBytes: number, from: number, sync: (bytes: number) => Promise<void>) {
    this.#everyBytes = everyBytes;
    this.#asked = from;
    this.#sync = sync;
  }

  /** Begins one where there is enough for it. */
  async reach(bytes: number): Promise<void> {
    if (bytes - this.#asked < this.#everyBytes) return;
    await this.#running;
    this.#asked = bytes;
    this.#running = this.#sync(bytes);
    // It is waited for by the next one, or at the end.
    this.#running.catch(() => undefined);
  }

  /** What was begun last. */
  ended(): Promise<void> {
    return this.#running;
  }
}
