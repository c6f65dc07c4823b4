// How many cases a property is tried on that asks the engine or runs the program for each: in the gate a quarter, which
// finds what breaks a rule; all of them with `npm test -- --all-cases`, for what is rare.

export const allCasesVariable = "LOADLINE_ALL_CASES";

export function casesOf(all: number): number {
  return process.env[allCasesVariable] === undefined ? Math.ceil(all / 4) : all;
}
