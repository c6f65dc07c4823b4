// A certificate of this machine that nobody has signed.

import { execFileSync } from "node:child_process";

/** PEM; for 127.0.0.1, and for 0.0.0.0, by which this machine is reached without being called loopback. */
export function makeCertificate(): { key: string; cert: string } {
  const names = "subjectAltName=IP:127.0.0.1,IP:0.0.0.0";
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const args = [
    "req",
    "-x509",
    ...curve,
    "-keyout",
    "-",
    "-out",
    "-",
    "-days",
    "2",
    "-subj",
    "/CN=loadline",
    "-addext",
    names,
  ];
  const pem = execFileSync("openssl", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const at = pem.indexOf("-----BEGIN CERTIFICATE");
  return { key: pem.slice(0, at), cert: pem.slice(at) };
}
