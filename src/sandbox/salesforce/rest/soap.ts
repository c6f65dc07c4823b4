// The partner SOAP API as far as signing in goes: login and getUserInfo; and undelete, which no other API has.
// In: an envelope at /services/Soap/u/{version}. Out: an envelope; what is refused is a fault with HTTP status 500.
// Must hold: login gives a token that every other call takes; it is gone from version 65.0 on.
// https://developer.salesforce.com/docs/platform/api/guide/sforce-api-calls-login.html
// https://help.salesforce.com/s/articleView?id=005132110&type=1 (retirement of login)
// https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_undelete.htm

import { readText } from "../../request-body.ts";
import type { Answer, Route, SandboxRequest } from "../../routes.ts";
import { ApiError, RowError } from "../errors.ts";
import { newestVersion, type Org, oldestVersion, orgId, userId } from "../org.ts";
import { apiDisabled } from "../permissions.ts";
import { undeleteRecord } from "../records/undelete.ts";
import { transact } from "../store.ts";
import { isSession, isUser, openSession } from "./sign-in.ts";

const lastLoginVersion = 64;
const sessionSeconds = 7200;
const mostIds = 200;

class SoapFault extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export function soapRoutes(org: Org): Route[] {
  return [
    { method: "POST", template: "/services/Soap/u/{version}", answer: (request) => answer(org, request) },
    // Clients go on at the server URL that login gave, which ends with the org.
    { method: "POST", template: "/services/Soap/u/{version}/{org}", answer: (request) => answer(org, request) },
  ];
}

async function answer(org: Org, request: SandboxRequest): Promise<Answer> {
  const body = await readText(request.body);
  try {
    const version = versionOf(request.params["version"] ?? "");
    if (hasElement(body, "login")) return envelope(200, "loginResponse", login(org, version, body));
    if (hasElement(body, "getUserInfo")) return envelope(200, "getUserInfoResponse", userInfo(org, body));
    if (hasElement(body, "undelete")) return undelete(org, request, body);
    throw new SoapFault("INVALID_OPERATION", "the sandbox carries login, getUserInfo and undelete of the SOAP API");
  } catch (error) {
    if (!(error instanceof SoapFault)) throw error;
    return fault(error);
  }
}

function versionOf(text: string): number {
  const version = Number(/^(?<number>\d+)\.0$/.exec(text)?.groups?.["number"]);
  if (version >= oldestVersion && version <= newestVersion) return version;
  throw new SoapFault("UNSUPPORTED_API_VERSION", `UNSUPPORTED_API_VERSION: API version ${text} is not supported`);
}

function login(org: Org, version: number, body: string): string {
  if (version > lastLoginVersion)
    throw new SoapFault(
      "UNSUPPORTED_API_VERSION",
      `UNSUPPORTED_API_VERSION: login() is not available in API version ${version}.0`,
    );
  if (!isUser(element(body, "username"), element(body, "password")))
    throw new SoapFault(
      "INVALID_LOGIN",
      "INVALID_LOGIN: Invalid username, password, security token; or user locked out.",
    );
  const server = (kind: string): string => `${org.origin}/services/Soap/${kind}/${version}.0/${orgId.slice(0, 15)}`;
  return [
    `<metadataServerUrl>${server("m")}</metadataServerUrl>`,
    "<passwordExpired>false</passwordExpired>",
    "<sandbox>true</sandbox>",
    `<serverUrl>${server("u")}</serverUrl>`,
    `<sessionId>${openSession(org)}</sessionId>`,
    `<userId>${userId}</userId>`,
    `<userInfo>${userFields()}</userInfo>`,
  ].join("");
}

/** A result for each id, in their order. */
function undelete(org: Org, request: SandboxRequest, body: string): Answer {
  requireSession(org, body);
  // Without the header the envelope is not taken for SOAP.
  if (request.headers["soapaction"] === undefined) throw new SoapFault("CLIENT", "SOAPAction HTTP header missing");
  if (!org.permissions.apiEnabled) throw new SoapFault("API_DISABLED_FOR_ORG", apiDisabled().message);
  countCall(org);
  const ids = [...body.matchAll(/<(?:\w+:)?ids(?:\s[^>]*)?>([^<]*)</g)].map(([, id = ""]) => id);
  if (ids.length > mostIds) {
    const message = `EXCEEDED_ID_LIMIT: record limit reached. cannot submit more than ${mostIds} records into this call`;
    throw new SoapFault("EXCEEDED_ID_LIMIT", message);
  }
  const results = ids.map((id) => {
    try {
      return `<result><id>${transact(org.store.database, () => undeleteRecord(org, id))}</id><success>true</success></result>`;
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      const { code, message } = error;
      return `<result><errors><message>${message}</message><statusCode>${code}</statusCode></errors><id xsi:nil="true"/><success>false</success></result>`;
    }
  });
  return xml(200, `<undeleteResponse>${results.join("")}</undeleteResponse>`, 'xmlns="urn:partner.soap.sforce.com" ');
}

function countCall(org: Org): void {
  try {
    org.limits.countCall();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new SoapFault(error.code, `${error.code}: ${error.message}`);
  }
}

function userInfo(org: Org, body: string): string {
  requireSession(org, body);
  return userFields();
}

function requireSession(org: Org, body: string): void {
  if (isSession(org, element(body, "sessionId") ?? "")) return;
  throw new SoapFault(
    "INVALID_SESSION_ID",
    "INVALID_SESSION_ID: Invalid Session ID found in SessionHeader: Illegal Session",
  );
}

function userFields(): string {
  const fields: Record<string, string> = {
    accessibilityMode: "false",
    currencySymbol: "$",
    organizationId: orgId,
    organizationMultiCurrency: "false",
    organizationName: "loadline sandbox",
    sessionSecondsValid: String(sessionSeconds),
    userEmail: "sandbox@loadline.example",
    userFullName: "Sandbox User",
    userId,
    userLanguage: "en_US",
    userLocale: "en_US",
    userName: "sandbox@loadline.example",
    userTimeZone: "UTC",
    userType: "Standard",
    userUiSkin: "Theme3",
  };
  return Object.entries(fields)
    .map(([name, value]) => `<${name}>${value}</${name}>`)
    .join("");
}

function envelope(status: number, name: string, result: string): Answer {
  return xml(status, `<${name}><result>${result}</result></${name}>`, 'xmlns="urn:partner.soap.sforce.com" ');
}

function fault({ code, message }: SoapFault): Answer {
  const kind = code === "INVALID_LOGIN" ? "LoginFault" : "UnexpectedErrorFault";
  return xml(
    500,
    `<soapenv:Fault><faultcode>sf:${code}</faultcode><faultstring>${message}</faultstring><detail><sf:${kind} xsi:type="sf:${kind}"><sf:exceptionCode>${code}</sf:exceptionCode><sf:exceptionMessage>${message.replace(/^[A-Z_]+: /, "")}</sf:exceptionMessage></sf:${kind}></detail></soapenv:Fault>`,
    'xmlns:sf="urn:fault.partner.soap.sforce.com" ',
  );
}

function xml(status: number, body: string, namespaces: string): Answer {
  return {
    status,
    headers: { "Content-Type": "text/xml;charset=UTF-8" },
    body: `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" ${namespaces}xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>${body}</soapenv:Body></soapenv:Envelope>`,
  };
}

// Clients choose their own prefixes; these two calls need no more of XML than an element by its local name.
function hasElement(body: string, name: string): boolean {
  return new RegExp(`<(?:\\w+:)?${name}[\\s/>]`).test(body);
}

function element(body: string, name: string): string | undefined {
  const text = new RegExp(`<(?:\\w+:)?${name}(?:\\s[^>]*)?>([^<]*)</`).exec(body)?.[1];
  return text?.replace(
    /&(?:#(\d+)|#x([0-9a-f]+)|(lt|gt|quot|apos|amp));/gi,
    (_, decimal?: string, hex?: string, named?: string) => {
      if (named !== undefined) return { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" }[named.toLowerCase()] ?? "";
      return String.fromCodePoint(decimal === undefined ? Number.parseInt(hex ?? "0", 16) : Number(decimal));
    },
  );
}
