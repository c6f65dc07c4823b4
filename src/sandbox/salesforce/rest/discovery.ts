// What a client asks before it works: versions, resources, limits, objects and their fields.

import { now } from "../../clock.ts";
import { json, type Route } from "../../routes.ts";
import { describe, summarise } from "../catalog/describe.ts";
import { newestVersion, type Org, oldestListedVersion, orgId, userId } from "../org.ts";
import { viewSetupMissing } from "../permissions.ts";
import { recordTypesOf } from "../records/record-types.ts";
import { apiRoute, objectOf } from "./api.ts";

const resources = ["limits", "query", "queryAll", "sobjects", "composite", "jobs", "tooling"];

export function discoveryRoutes(org: Org): Route[] {
  // Objects and fields come from the schema file, which is read once.
  const lastModified = now().toUTCString();
  return [
    { method: "GET", template: "/services/data", answer: () => json(200, listVersions()) },
    apiRoute(org, "GET", "", ({ version }) => {
      const base = `/services/data/v${version}.0`;
      const list = Object.fromEntries(resources.map((name) => [name, `${base}/${name}`]));
      return json(200, { ...list, identity: `${org.origin}/id/${orgId}/${userId}` });
    }),
    apiRoute(org, "GET", "/limits", () => {
      if (!org.permissions.viewSetup) throw viewSetupMissing();
      return json(200, org.limits.report());
    }),
    apiRoute(org, "GET", "/sobjects", ({ version }) =>
      json(200, {
        encoding: "UTF-8",
        maxBatchSize: 200,
        sobjects: org.catalog.objects.map((object) => summarise(object, version)),
      }),
    ),
    apiRoute(org, "GET", "/sobjects/{object}", (request) =>
      json(200, { objectDescribe: summarise(objectOf(org, request), request.version), recentItems: [] }),
    ),
    apiRoute(org, "GET", "/sobjects/{object}/describe", (request) => {
      const object = objectOf(org, request);
      const since = Date.parse(String(request.headers["if-modified-since"]));
      if (since >= Date.parse(lastModified)) return { status: 304 };
      const description = describe(org.catalog, object, request.version, recordTypesOf(org, object));
      return json(200, description, { "Last-Modified": lastModified });
    }),
  ];
}

function listVersions(): { label: string; url: string; version: string }[] {
  const versions = Array.from(
    { length: newestVersion - oldestListedVersion + 1 },
    (_, index) => oldestListedVersion + index,
  );
  return versions.map((version) => ({
    label: releaseName(version),
    url: `/services/data/v${version}.0`,
    version: `${version}.0`,
  }));
}

// Three releases a year; 68.0 is Winter '27.
function releaseName(version: number): string {
  const behind = newestVersion - version;
  const season = ["Winter", "Summer", "Spring"][behind % 3];
  return `${season} '${(season === "Winter" ? 27 : 26) - Math.floor(behind / 3)}`;
}
