// Functions of a module, replaced while the tests of a file run: the clock, or chance. In: the module and what stands in for
// its functions. Must hold: files share a process and its modules (vitest.config.ts), so that what vi.mock() replaces would
// stay so for the files that come after.

import { afterAll, beforeAll, type MockInstance, vi } from "vitest";

export function replace<Module extends object>(module: Module, stand: Partial<Module>): void {
  // Seen by whoever imports them: a module's exports are read anew at each use.
  const open = module as Record<string, (...given: never[]) => unknown>;
  const spies: MockInstance[] = [];
  beforeAll(() => {
    for (const [name, act] of Object.entries(stand as typeof open))
      spies.push(vi.spyOn(open, name).mockImplementation(act));
  });
  afterAll(() => spies.forEach((spy) => void spy.mockRestore()));
}
