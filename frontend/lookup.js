/** Look up: an order id in, what became of it, or of the request, out. */

import { isOrderUid, parseJson, serverTimings } from "./reading.js";

/** @typedef {{state: string, [detail: string]: any}} Outcome */
/** @typedef {(orderUid: string, signal: AbortSignal) => Promise<Outcome>} Ask */

const PATIENCE_MILLISECONDS = 20_000;

/** Ask for an order, and why there is none; never throws. @type {Ask} */
export async function lookUp(orderUid, signal) {
  // ".." would be another address before the service could refuse it.
  if (!isOrderUid(orderUid)) return { state: "malformed" };
  try {
    const found = await find(orderUid, signal);
    if (found.state !== "unknown") return found;
    const { content } = await ask(`/orders/${orderUid}/status`, signal).catch(() => found);
    return content?.state === "stored" ? await find(orderUid, signal) : { ...found, ...content };
  } catch {
    return { state: navigator.onLine ? "unreachable" : "offline" };
  }
}

/** @type {Ask} */
async function find(orderUid, signal) {
  const started = performance.now();
  const { status, headers, content } = await ask(`/order/${orderUid}`, signal);
  if (Array.isArray(content?.items)) {
    const milliseconds = performance.now() - started;
    const timings = serverTimings(headers.get("Server-Timing"));
    return { state: "found", order: content, cache: headers.get("X-Cache"), timings, milliseconds };
  }
  if (content?.code === "order_not_found") return { state: "unknown" };
  if (content?.code === "malformed_order_uid") return { state: "malformed" };
  if (status === 503) return { state: "unavailable", seconds: Number(headers.get("Retry-After")) };
  return { state: "failed", problem: `${status} ${content?.title ?? ""}`.trim() };
}

/** @type {(path: string, signal: AbortSignal) => Promise<any>} */
async function ask(path, signal) {
  const response = await fetch(path, {
    cache: "no-cache", // revalidates, so that X-Cache tells of this request
    headers: { "Accept-Language": "en" }, // as the page is
    signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MILLISECONDS)]),
  });
  return Object.assign(response, { content: parseJson(await response.text()) });
}
