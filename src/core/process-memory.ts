// What a process knows beyond the run that it is in, in one place: everything else that can change belongs to a run, and
// goes with it (test/module-state.test.ts). In: how a thing is made. Out: the thing. Must hold: after `beginProcess`
// everything is as in a process that has just started, so that one process can run the program again and again.

export interface Remembered<T> {
  value: T;
}

const starts: (() => void)[] = [];

/** To be called once a module, outside of functions. */
export function remember<T>(make: () => T): Remembered<T> {
  const remembered = { value: make() };
  starts.push(() => {
    remembered.value = make();
  });
  return remembered;
}

/** The program calls it first. */
export function beginProcess(): void {
  for (const start of starts) start();
}
