/** Look up: an order id in, what became of the request out. */

import { isOrderUid, parseJson, serverTimings } from "./reading.js";

/** @typedef {{state: string, order?: any, cache?: string, milliseconds?: number, timings?: string[], seconds?: number, problem?: string}} Outcome */

const PATIENCE_MILLISECONDS = 20_000;

/** @param {string} orderUid */
export const address = (orderUid) => `/order/${encodeURIComponent(orderUid)}`;

/** Ask for an order; never throws. @type {(orderUid: string, signal: AbortSignal) => Promise<Outcome>} */
export async function lookUp(orderUid, signal) {
  // ".." would be another address before the service could refuse it.
  if (!isOrderUid(orderUid)) return { state: "malformed" };
  try {
    const started = performance.now();
    const response = await fetch(address(orderUid), {
      cache: "no-cache", // revalidates, so that X-Cache tells of this request
      signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MILLISECONDS)]),
    });
    const body = await response.text();
    return outcome(response, body, performance.now() - started);
  } catch {
    return { state: navigator.onLine ? "unreachable" : "offline" };
  }
}

/** @type {(response: Response, body: string, milliseconds: number) => Outcome} */
function outcome({ status, headers }, body, milliseconds) {
  const content = parseJson(body);
  if (Array.isArray(content?.items)) {
    const timings = serverTimings(headers.get("Server-Timing"));
    const cache = headers.get("X-Cache") ?? "";
    return { state: "found", order: content, cache, timings, milliseconds };
  }
  if (content?.code === "order_not_found") return { state: "not-found" };
  if (content?.code === "malformed_order_uid") return { state: "malformed" };
  if (status === 503) return { state: "unavailable", seconds: Number(headers.get("Retry-After")) };
  return { state: "failed", problem: `${status} ${content?.title ?? ""}`.trim() };
}

