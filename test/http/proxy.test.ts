import { expect, test } from "vitest";
import { readProxies, refusalOfProxy, tellProxyError } from "../../src/http/proxy.ts";

test("a Node that would pass a proxy over is refused, and one without a proxy is not", () => {
  expect(() => readProxies({ HTTPS_PROXY: "http://p:1" }, "24.4.1")).toThrow("Node 24.4.1 would pass it over");
  expect(readProxies({}, "24.4.1").told).toEqual([]);
  expect(readProxies({ HTTPS_PROXY: "http://p:1" }, "24.5.0").told).toEqual([
    { variable: "HTTPS_PROXY", address: "http://p:1" },
  ]);
});

test("an empty variable is none, and lower case counts first", () => {
  expect(readProxies({ https_proxy: "", HTTPS_PROXY: "http://up:1", no_proxy: "a", NO_PROXY: "b" }).forAgent).toEqual({
    HTTPS_PROXY: "http://up:1",
    NO_PROXY: "a",
  });
  expect(readProxies({ http_proxy: "http://low:1", HTTP_PROXY: "http://up:1" }).forAgent).toEqual({
    HTTP_PROXY: "http://low:1",
  });
});

test("only what the proxy itself did is told as the proxy's", () => {
  const proxies = readProxies({ HTTPS_PROXY: "http://proxy.corp:3128" });
  const tell = (error: object, secure = true) => tellProxyError(error, proxies, secure);
  expect(tell({ code: "ERR_PROXY_TUNNEL", statusCode: 502 })).toBe(
    "the proxy http://proxy.corp:3128 (HTTPS_PROXY) answered 502",
  );
  expect(tell({ code: "ERR_PROXY_TUNNEL" })).toContain("opened no tunnel");
  expect(tell({ code: "ENOTFOUND", hostname: "proxy.corp" })).toContain("can't be reached: ENOTFOUND");
  expect(tell({ code: "ECONNREFUSED", address: "10.0.0.9", port: 3128 })).toContain("can't be reached");
  expect(tell({ code: "ENOTFOUND", hostname: "crm.example" })).toBeUndefined();
  expect(tell({ code: "ECONNRESET" })).toBeUndefined();
  expect(tell({ code: "ECONNREFUSED", address: "10.0.0.9", port: 3128 }, false)).toBeUndefined();
  expect(refusalOfProxy({ code: "ERR_PROXY_TUNNEL", statusCode: 502 }, proxies, true)).toBeUndefined();
  expect(refusalOfProxy({ code: "ERR_PROXY_TUNNEL", statusCode: 407 }, proxies, true)?.exitCode).toBe(8);
});
