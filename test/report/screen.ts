// A stream that remembers what is written to it, as a terminal or as a file.

import { Writable } from "node:stream";
import type { Screen } from "../../src/report/output.ts";

export class TestScreen extends Writable {
  readonly isTTY: boolean;
  columns = 100;
  written = "";

  constructor(isTerminal: boolean) {
    super({ decodeStrings: false });
    this.isTTY = isTerminal;
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.written += chunk;
    done();
  }

  get lines(): string[] {
    return this.written.split("\n").slice(0, -1);
  }
}

export function screenOf(isTerminal: boolean): TestScreen & Screen {
  return new TestScreen(isTerminal);
}
