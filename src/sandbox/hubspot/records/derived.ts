// Values that HubSpot works out from others as a record is written.

import type { ObjectType } from "../catalog/object-type.ts";
import type { Values } from "./stored-record.ts";

type Derive = (values: Values) => string | undefined;

const derived: Readonly<Record<string, Readonly<Record<string, Derive>>>> = {
  contacts: {
    hs_email_domain: (values) => values["email"]?.split("@")[1],
    hs_full_name_or_email: (values) => nameOf(values) ?? values["email"],
    hs_searchable_calculated_phone_number: (values) => digitsOf(values["phone"]),
    hs_searchable_calculated_mobile_number: (values) => digitsOf(values["mobilephone"]),
  },
  deals: {
    hs_is_closed: (values) => String(["closedwon", "closedlost"].includes(values["dealstage"] ?? "")),
    hs_is_closed_won: (values) => String(values["dealstage"] === "closedwon"),
  },
  line_items: { amount: netPrice },
};

export function deriveValues(type: ObjectType, values: Values): Values {
  const rules = derived[type.name];
  if (rules === undefined) return values;
  for (const [name, derive] of Object.entries(rules)) {
    const value = derive(values);
    if (value === undefined) delete values[name];
    else values[name] = value;
  }
  return values;
}

function nameOf(values: Values): string | undefined {
  const names = [values["firstname"], values["lastname"]].filter((name) => name !== undefined);
  return names.length === 0 ? undefined : names.join(" ");
}

// Without a country code: the last ten digits.
function digitsOf(phone: string | undefined): string | undefined {
  return phone?.replace(/\D/g, "").slice(-10) || undefined;
}

function netPrice(values: Values): string | undefined {
  if (values["price"] === undefined || values["quantity"] === undefined) return undefined;
  const unit = Number(values["price"]) - Number(values["discount"] ?? 0);
  const share = 1 - Number(values["hs_discount_percentage"] ?? 0) / 100;
  return String(Math.round(unit * share * Number(values["quantity"]) * 100) / 100);
}
