// What the account says of itself, and what of its limits is used.
// https://developers.hubspot.com/docs/api-reference/latest/account/account-information/guide
// https://developers.hubspot.com/docs/api-reference/latest/crm/limits-tracking/guide

import { identifier } from "../../../core/sql.ts";
import { now } from "../../clock.ts";
import type { Answer, Route } from "../../routes.ts";
import { apiRoutes } from "../api.ts";
import type { ObjectType } from "../catalog/object-type.ts";
import { hubspotJson } from "../errors.ts";
import type { Portal } from "../portal.ts";
import { portalId } from "../portal-id.ts";
import { offsetMs } from "../time-zone.ts";

/** The vendor's limits of an Enterprise account, which custom objects need. */
const recordsMax = 15_000_000;
const customRecordsMax = 1_500_000;
const customTypesMax = 10;
const customPropertiesMax = 1_000;
const customPropertiesOverallMax = 10_000;

export function accountRoutes(portal: Portal): Route[] {
  return [
    ...apiRoutes(portal, "GET", "accountInfo", "/details", () => details(portal)),
    ...apiRoutes(portal, "GET", "accountInfo", "/api-usage/daily/private-apps", () => usage(portal)),
    ...apiRoutes(portal, "GET", "limits", "/records", () => recordLimits(portal)),
    ...apiRoutes(portal, "GET", "limits", "/custom-properties", () => propertyLimits(portal)),
    ...apiRoutes(portal, "GET", "limits", "/custom-object-types", () => typeLimits(portal)),
  ];
}

function details(portal: Portal): Answer {
  const offset = offsetMs(now(), portal.timeZone);
  const minutes = Math.abs(offset) / 60_000;
  const clock = [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, "0")).join(":");
  return hubspotJson(200, {
    portalId,
    accountType: "STANDARD",
    timeZone: portal.timeZone,
    companyCurrency: "USD",
    additionalCurrencies: [],
    utcOffset: `${offset < 0 ? "-" : "+"}${clock}`,
    utcOffsetMilliseconds: offset,
    uiDomain: "app.hubspot.com",
    dataHostingLocation: "na1",
  });
}

function usage(portal: Portal): Answer {
  const { calls, resetsAt } = portal.rates.today();
  return hubspotJson(200, {
    results: [
      {
        name: "private-apps-api-calls-daily",
        usageLimit: portal.rates.limits.daily,
        currentUsage: calls,
        collectedAt: now().toISOString(),
        fetchStatus: "SUCCESS",
        resetsAt: resetsAt.toISOString().replace(".000Z", "Z"),
      },
    ],
  });
}

function recordLimits(portal: Portal): Answer {
  const counts = portal.catalog.types.map((type) => ({ type, usage: countRecords(portal, type) }));
  const custom = counts.filter(({ type }) => type.custom);
  const overallUsage = custom.reduce((sum, { usage }) => sum + usage, 0);
  return hubspotJson(200, {
    hubspotDefinedObjectTypes: counts
      .filter(({ type }) => !type.custom)
      .map(({ type, usage }) => ({ ...namesOf(type), ...share(usage, recordsMax) })),
    customObjectTypes: {
      overallLimit: customRecordsMax,
      overallUsage,
      overallPercentage: percentage(overallUsage, customRecordsMax),
      byObjectType: custom.map(({ type, usage }) => ({ ...namesOf(type), usage })),
    },
  });
}

function propertyLimits(portal: Portal): Answer {
  const counts = portal.catalog.types.map((type) => {
    const own = [...type.properties.values()].filter((property) => !property.hubspotDefined && !property.archived);
    return { ...namesOf(type), ...share(own.length, customPropertiesMax) };
  });
  const overallUsage = counts.reduce((sum, { usage }) => sum + usage, 0);
  return hubspotJson(200, {
    overallLimit: customPropertiesOverallMax,
    overallUsage,
    overallPercentage: percentage(overallUsage, customPropertiesOverallMax),
    byObjectType: counts,
  });
}

function typeLimits(portal: Portal): Answer {
  return hubspotJson(200, share(portal.catalog.types.filter((type) => type.custom).length, customTypesMax));
}

function countRecords(portal: Portal, type: ObjectType): number {
  const table = identifier(portal.store.table(type));
  const row = portal.store.database.prepare(`SELECT count(*) AS count FROM ${table} WHERE archived = 0`).get();
  return Number(row?.["count"]);
}

function namesOf(type: ObjectType): { objectTypeId: string; singularLabel: string; pluralLabel: string } {
  return { objectTypeId: type.typeId, singularLabel: type.labels.singular, pluralLabel: type.labels.plural };
}

function share(usage: number, limit: number): { limit: number; usage: number; percentage: number } {
  return { limit, usage, percentage: percentage(usage, limit) };
}

function percentage(usage: number, limit: number): number {
  return Number(((100 * usage) / limit).toFixed(2));
}
