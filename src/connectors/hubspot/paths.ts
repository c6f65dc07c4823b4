// Where HubSpot's endpoints are, by version of the API. Paths are written as v3 and v4 have them, in one form throughout;
// the dated versions hold the same endpoints under another name.
// https://developers.hubspot.com/docs/developer-tooling/platform/versioning

/** Versions that loadline knows, the newest last. v3 stands for the endpoints of v3 and v4. */
export const apiVersions = ["v3", "2026-03", "2026-09"] as const;
export type ApiVersion = (typeof apiVersions)[number];
export const newestVersion: ApiVersion = "2026-09";

/** `/crm/v3/objects/contacts` as it is called in a version: `/crm/objects/2026-09/contacts`. */
export function pathIn(version: ApiVersion, path: string): string {
  if (version === "v3") return path;
  const crm = /^\/crm\/v[34]\/([^/?]+)(.*)$/.exec(path);
  if (crm !== null) return `/crm/${crm[1]}/${version}${crm[2]}`;
  const other = /^\/([^/]+)\/v[134]\/(.*)$/.exec(path);
  return other === null ? path : `/${other[1]}/${version}/${other[2]}`;
}

export function objectPath(object: string, rest = ""): string {
  return `/crm/v3/objects/${encodeURIComponent(object)}${rest}`;
}

export function associationPath(from: string, to: string, rest: string): string {
  return `/crm/v4/associations/${encodeURIComponent(from)}/${encodeURIComponent(to)}${rest}`;
}
