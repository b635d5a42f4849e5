/** Look up: an order id in, what became of it, or of the request, out. */

import { isOrderUid, parseJson, serverTimings } from "./reading.js";

/** @typedef {(wanted: string, ...signals: AbortSignal[]) => Promise<any>} Ask */

/** Ask for an order, and why there is none; never throws. @type {Ask} */
export async function lookUp(orderUid, signal) {
  // ".." would be another address before the service could refuse it.
  if (!isOrderUid(orderUid)) return { state: "malformed" };
  try {
    const found = await find(orderUid, signal);
    if (found.state !== "unknown") return found;
    const known = await fate(orderUid, signal);
    return known.state === "stored" ? await find(orderUid, signal) : { ...found, ...known };
  } catch {
    return { state: navigator.onLine ? "unreachable" : "offline" };
  }
}

/** What became of an order, where that can be had. @type {Ask} */
export const fate = async (orderUid, ...signals) =>
  (await ask(`/orders/${orderUid}/status`, ...signals).catch(() => null))?.content ?? {};

/** @type {Ask} */
async function find(orderUid, signal) {
  const started = performance.now();
  const { status, headers, content } = await ask(`/order/${orderUid}`, signal);
  if (content?.items) {
    return {
      state: "found",
      order: content,
      cache: headers.get("X-Cache"),
      timings: serverTimings(headers.get("Server-Timing")),
      milliseconds: performance.now() - started,
    };
  }
  if (content?.code === "order_not_found") return { state: "unknown" };
  if (content?.code === "malformed_order_uid") return { state: "malformed" };
  if (status === 503) return { state: "unavailable", seconds: Number(headers.get("Retry-After")) };
  return { state: "failed", problem: `${status} ${content?.title ?? ""}`.trim() };
}

/** @type {Ask} */
async function ask(path, ...signals) {
  const response = await fetch(path, {
    cache: "no-cache", // revalidates, so that X-Cache tells of this request
    headers: { "Accept-Language": "en" }, // as the page is
    signal: AbortSignal.any([...signals, AbortSignal.timeout(20_000)]),
  });
  return Object.assign(response, { content: parseJson(await response.text()) });
}
