// The SOAP API as far as it is needed beside jsforce, which signs in by it: an envelope, and what an answer says.
// Apart from transport.ts, which loads jsforce's.

/** A refusal by SOAP. That the server is busy is none. */
export function isSoapFault(body: string): boolean {
  return /<faultcode>/.test(body) && !/SERVER_UNAVAILABLE|REQUEST_LIMIT_EXCEEDED|UNKNOWN_EXCEPTION/.test(body);
}

/** What a fault says: its code without the namespace, its message without the code. */
export function readSoapFault(body: string): { code: string; message: string } | undefined {
  const code = elementOf(body, "faultcode")?.replace(/^.*:/, "");
  if (code === undefined) return undefined;
  const message = elementOf(body, "faultstring") ?? "";
  return { code, message: message.startsWith(`${code}: `) ? message.slice(code.length + 2) : message };
}

/** `content`: what is called, with the prefix `u`. */
export function soapEnvelope(session: string, content: string): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:u="urn:partner.soap.sforce.com">',
    `<s:Header><u:SessionHeader><u:sessionId>${escapeXml(session)}</u:sessionId></u:SessionHeader></s:Header>`,
    `<s:Body>${content}</s:Body></s:Envelope>`,
  ].join("");
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => entities[sign] ?? sign);
}

/** The text of the first element of a name; undefined where there is none. */
export function elementOf(xml: string, name: string): string | undefined {
  const text = new RegExp(`<(?:\\w+:)?${name}(?:\\s[^>]*)?>([^<]*)</`).exec(xml)?.[1];
  const plain = Object.entries(entities).reduceRight((sum, [sign, entity]) => sum?.replaceAll(entity, sign), text);
  return plain?.replaceAll("&apos;", "'");
}
