// SOAP login as Salesforce answers it, for a relay in front of a sandbox that may lack it.
// https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_login.htm

import type { IncomingMessage, ServerResponse } from "node:http";
import { bodyOf } from "../support/relay.ts";

export interface SoapLogin {
  /** `POST path`, and the body, of each login. */
  seen: { path: string; body: string }[];
  answer(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

/** `password` is what is accepted, the security token included. `serverUrl` is where the session is used. */
export function soapLogin(password: string, serverUrl: (request: IncomingMessage) => string): SoapLogin {
  const seen: SoapLogin["seen"] = [];
  return {
    seen,
    async answer(request, response) {
      if (request.url?.startsWith("/services/Soap/u/") !== true) return false;
      const body = await bodyOf(request);
      seen.push({ path: request.url, body });
      const accepted = body.includes(`<password>${password}</password>`);
      const xml = accepted
        ? `<loginResponse><result><passwordExpired>false</passwordExpired><serverUrl>${serverUrl(request)}/services/Soap/u/64.0/00D</serverUrl>` +
          "<sessionId>00Dsandbox0000001!loadline</sessionId><userId>005000000000001AAA</userId>" +
          "<userInfo><organizationId>00Dsandbox0000001AAA</organizationId></userInfo></result></loginResponse>"
        : "<soapenv:Fault><faultcode>INVALID_LOGIN</faultcode><faultstring>INVALID_LOGIN: Invalid username, password, security token; or user locked out.</faultstring></soapenv:Fault>";
      response.writeHead(accepted ? 200 : 500, { "content-type": "text/xml" });
      response.end(`<soapenv:Envelope><soapenv:Body>${xml}</soapenv:Body></soapenv:Envelope>`);
      return true;
    },
  };
}
