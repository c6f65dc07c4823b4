// What a server takes at once: requests under way, open files. Nothing tells it beforehand, so it is learned from what is
// refused. In: what is to be done. Out: it, done when there is room. What must hold: what was refused because of others
// is tried again alone; only what is refused alone is told as refused.

import { StatusError, sftpStatus } from "./status.ts";

/** A session that ended before so many answers, with several requests under way, is taken to have had too many of them. */
const answersFew = 256;

export class Limits {
  readonly requests = new Slots();
  readonly openFiles: OpenFiles;
  readonly #tell: (text: string) => void;

  constructor(tell: (text: string) => void) {
    this.#tell = tell;
    this.openFiles = new OpenFiles(() =>
      tell("the server takes one open file at a time: files are fetched one by one"),
    );
  }

  /** A session has ended: what is asked at once on the next one. */
  learn({ answers, underWay }: { answers: number; underWay: number }): void {
    if (answers >= answersFew || underWay < 2) return;
    const fewer = Math.max(1, Math.floor(underWay / 4));
    this.requests.limit(fewer);
    this.#tell(`the server ended the connection with ${underWay} requests under way: ${fewer} at a time from now on`);
  }
}

/** So many of something at a time. */
class Slots {
  #max = Number.POSITIVE_INFINITY;
  #taken = 0;
  readonly #waiting: (() => void)[] = [];

  get taken(): number {
    return this.#taken;
  }

  async take(): Promise<void> {
    while (this.#taken >= this.#max) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#taken += 1;
  }

  give(): void {
    this.#taken -= 1;
    this.#waiting.shift()?.();
  }

  limit(max: number): void {
    this.#max = max;
    for (const go of this.#waiting.splice(0)) go();
  }
}

class OpenFiles {
  readonly #slots = new Slots();
  readonly #tellLimit: () => void;
  #isLimited = false;
  /** Those that are tried again alone. */
  #retrying = 0;

  constructor(tellLimit: () => void) {
    this.#tellLimit = tellLimit;
  }

  /** Refused while others are open, it is tried again once they are closed: servers say "permission denied" of one too many. */
  async open(act: () => Promise<Buffer>): Promise<Buffer> {
    await this.#slots.take();
    try {
      return await act();
    } catch (error) {
      const others = this.#slots.taken - 1;
      this.#slots.give();
      if (!(error instanceof StatusError) || error.status === sftpStatus.noSuchFile || others === 0) throw error;
    }
    return this.#openAlone(act);
  }

  async #openAlone(act: () => Promise<Buffer>): Promise<Buffer> {
    this.#retrying += 1;
    this.#slots.limit(1);
    await this.#slots.take();
    try {
      const handle = await act();
      if (!this.#isLimited) this.#tellLimit();
      this.#isLimited = true;
      return handle;
    } catch (error) {
      this.#slots.give();
      throw error;
    } finally {
      this.#retrying -= 1;
      if (!this.#isLimited && this.#retrying === 0) this.#slots.limit(Number.POSITIVE_INFINITY);
    }
  }

  closed(): void {
    this.#slots.give();
  }
}
