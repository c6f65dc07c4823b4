// Who may vouch for a server's certificate. In: a file with certificates (PEM) that count beside the usual ones. Out:
// these. What must hold: a file that is none is refused by name, rather than a server be refused for it.

import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { Failure, usageFailure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";

const certificate = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[\s\S]+?-----END (?:TRUSTED )?CERTIFICATE-----/g;

export interface Authority {
  pem: string;
  /** As a person knows it. */
  subject: string;
  /** When it ends. */
  validTo: Date;
}

/** Throws a Failure (2) where there is no such file, or no certificate in it. */
export function readAuthorities(file: string): Authority[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw usageFailure("the file of certificates can't be read", { where: { file }, why, next: "correct ca_file" });
  }
  const found = text.match(certificate) ?? [];
  if (found.length === 0) {
    throw usageFailure("the file has no certificate", {
      where: { file },
      why: "expected PEM: -----BEGIN CERTIFICATE-----",
      next: "openssl x509 -inform der -in ca.cer -out ca.pem makes PEM of a binary one",
    });
  }
  return found.map((pem) => {
    try {
      const { subject, validToDate } = new X509Certificate(pem);
      return { pem, subject: subject.replaceAll("\n", ", "), validTo: validToDate };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw usageFailure("a certificate in the file can't be read", { where: { file }, why, next: "fetch it anew" });
    }
  });
}

/** https://nodejs.org/docs/latest-v24.x/api/tls.html#x509-certificate-error-codes */
const untrusted = new Set([
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "CERT_UNTRUSTED",
]);

/** A server that nobody who is trusted vouches for: asking again mends nothing. Undefined for any other error. */
export function refusalOfCertificate(error: unknown, host: string): Failure | undefined {
  const { code = "", message } = error as { code?: string; message?: string };
  if (!untrusted.has(code)) return undefined;
  return new Failure(exitCode.failed, `the certificate of ${host} is not trusted`, {
    why: `${message} (${code}): a private authority has signed it, or a proxy that opens TLS`,
    next: "name the certificate of that authority: ca_file in connections.yaml, or NODE_EXTRA_CA_CERTS for all connections",
  });
}
