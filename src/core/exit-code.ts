// The exit codes of docs/design.md §3. Schedulers script against these numbers: never renumber.

export const exitCode = {
  done: 0,
  failed: 1,
  usage: 2,
  rejected: 3,
  guard: 4,
  inDoubt: 5,
  locked: 6,
  stalePlan: 7,
  signIn: 8,
  changes: 10,
  tryLater: 75,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

const precedence: readonly ExitCode[] = [
  exitCode.inDoubt,
  exitCode.failed,
  exitCode.signIn,
  exitCode.tryLater,
  exitCode.rejected,
];

/** Of several outcomes (streams, jobs), the one that counts: the first of 5, 1, 8, 75, 3, then any other non-zero. */
export function worstExitCode(codes: readonly ExitCode[]): ExitCode {
  for (const code of precedence) if (codes.includes(code)) return code;
  return codes.find((code) => code !== exitCode.done) ?? exitCode.done;
}
