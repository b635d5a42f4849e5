/** The page: an order id from the form or the address in, the order or a plain sentence out. */

import { lookUp } from "./lookup.js";
import { showOrder, showReasons } from "./order.js";
import { counted, duration, local } from "./reading.js";

/** @type {any} */
const [form, input, main, status, retry, article] =
  document.querySelectorAll("form, input, main, [role=status], #retry, article");
let request = new AbortController();

/** @type {Record<string, (outcome: any, id: string) => string>} */
const SENTENCES = {
  idle: () => "",
  looking: () => "Looking it up …",
  found: ({ cache, timings, milliseconds }) =>
    [
      { MISS: "Cache miss, read from the database", "HIT-L2": "Shared cache hit" }[cache] ??
        (cache ? "Cache hit" : "Found"),
      `${duration(milliseconds)} there and back`,
      ...timings,
    ].join(" · "),
  quarantined: (_, id) => `Order ${id} arrived but was refused, for the reasons below.`,
  unknown: ({ freshness }, id) =>
    `There is no order ${id}. If it was sent just now, it may be on its way.` +
    (freshness?.newest_ingested_at ? ` The newest order came on ${local(freshness.newest_ingested_at)}.` : ""),
  malformed: (_, id) =>
    `${id} is not an order id. Ids are up to 64 letters (a–z), digits and . _ ~ - and start with a letter or digit.`,
  unavailable: ({ seconds }) =>
    `The orders cannot be read right now. Try again in ${seconds ? counted(seconds, "second") : "a moment"}.`,
  offline: () => "You are offline. The order is looked up as soon as you are back.",
  unreachable: () => "The service does not answer. Check that it is running.",
  failed: ({ problem }) => `The service did not answer with an order (${problem}).`,
};

/** @type {(outcome: any, orderUid?: string) => void} */
function show(outcome, orderUid) {
  const { state, cache = "", order, quarantined } = outcome;
  status.className = `${state} ${cache}`;
  // Isolates: the id may be in any script.
  status.textContent = SENTENCES[state](outcome, `\u2068${orderUid}\u2069`);
  if (state === "looking") return;
  if (order) showOrder(article, order);
  if (quarantined) showReasons(article, quarantined);
  article.hidden = !(order || quarantined);
  const wasFocused = document.activeElement === retry;
  retry.hidden = /idle|found|malformed/.test(state);
  if (wasFocused && retry.hidden) input.focus();
  main.ariaBusy = "false";
}

const asked = () => new URLSearchParams(location.search).get("order_uid")?.trim() ?? "";

/** Look up the id in the address; only the last call shows its answer. */
async function look() {
  request.abort();
  const { signal } = (request = new AbortController());
  const orderUid = (input.value = asked());
  document.title = orderUid ? `Order ${orderUid}` : "Orders";
  if (!orderUid) return show({ state: "idle" });
  main.ariaBusy = "true";
  const slow = setTimeout(show, 200, { state: "looking" });
  const outcome = await lookUp(orderUid, signal);
  clearTimeout(slow);
  if (!signal.aborted) show(outcome, orderUid);
}

form.addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  input.value = input.value.trim();
  if (!form.reportValidity()) return;
  if (input.value !== asked())
    history.pushState(null, "", `?order_uid=${encodeURIComponent(input.value)}`);
  look();
});
retry.addEventListener("click", look);
addEventListener("popstate", look);
addEventListener("online", () => status.matches(".offline") && look());
look();
