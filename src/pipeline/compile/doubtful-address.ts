// What is told of an e-mail address that is most likely mistyped. In: a mapped field. Out: when its value is doubtful, and
// what is said then. Only of what goes through `email`: that is where a job says that it is an address.

import { renderedName } from "../../core/columns.ts";
import type { MappedField } from "../../job/job.ts";
import type { CompiledField } from "../../transform/mapping.ts";
import { callsFunction } from "../../transform/tell-calls.ts";
import { findMistyped } from "../../values/mistyped-domain.ts";
import { quoted } from "../../values/value.ts";

export function doubtAddress({ expression, target }: MappedField): Pick<CompiledField, "doubt"> {
  if (!callsFunction(expression.sql, "email")) return {};
  const address = renderedName(target);
  const { condition, meant } = findMistyped(address);
  const message = `${quoted(address)} || ' may be meant for ' || ${quoted(meant)} || ': a usual slip in its domain'`;
  return { doubt: { rule: "email", condition, message } };
}
