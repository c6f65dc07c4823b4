// A private authority and a server's certificate of it, made by openssl.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Certificates {
  /** The authority's, a file. */
  caFile: string;
  cert: string;
  key: string;
}

const elliptic = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Files go into `folder`. */
export function makeCertificates(folder: string, hosts: readonly string[]): Certificates {
  const file = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "pipe" });
  openssl(
    "req",
    "-x509",
    ...elliptic,
    "-keyout",
    file("ca.key"),
    "-out",
    file("ca.pem"),
    "-subj",
    "/CN=Test CA",
    "-days",
    "2",
  );
  openssl("req", ...elliptic, "-keyout", file("server.key"), "-out", file("server.csr"), "-subj", `/CN=${hosts[0]}`);
  writeFileSync(file("names"), `subjectAltName=${hosts.map((host) => `DNS:${host}`).join(",")}`);
  const authority = ["-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-CAcreateserial"];
  const signed = ["-in", file("server.csr"), "-out", file("server.pem"), "-days", "2", "-extfile", file("names")];
  openssl("x509", "-req", ...authority, ...signed);
  const read = (name: string) => readFileSync(file(name), "utf8");
  return { caFile: file("ca.pem"), cert: read("server.pem"), key: read("server.key") };
}
