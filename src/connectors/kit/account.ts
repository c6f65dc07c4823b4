// A target whose calls, waiting, warnings and allowance are those of its client. In: the client, the rest of the target.

import type { Account } from "../../contract/account.ts";
import type { Target } from "../../contract/target.ts";

/** `rest` counts where it has something of its own. */
export function withAccount(
  client: Account,
  rest: Omit<Target, keyof Account> & Partial<Pick<Account, "readAllowance" | "readIdentity">>,
): Target {
  return {
    orgId: client.orgId,
    get apiCalls() {
      return client.apiCalls;
    },
    get waitedMs() {
      return client.waitedMs;
    },
    warnings: client.warnings,
    get allowance() {
      return client.allowance;
    },
    readAllowance: () => client.readAllowance(),
    explain: (doing, act) => client.explain(doing, act),
    close: () => client.close(),
    ...rest,
  };
}
