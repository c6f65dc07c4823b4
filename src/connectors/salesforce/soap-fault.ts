// What an answer of the SOAP API says. In: its body. Apart from transport.ts, which loads jsforce's.

/** A refusal by SOAP. That the server is busy is none. */
export function isSoapFault(body: string): boolean {
  return /<faultcode>/.test(body) && !/SERVER_UNAVAILABLE|REQUEST_LIMIT_EXCEEDED|UNKNOWN_EXCEPTION/.test(body);
}
