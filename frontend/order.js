/** The order on the page, or why it was refused: what was answered in, an article's content out. */

import { fate } from "./lookup.js";
import { counted, label, local, moment, money, place, text } from "./reading.js";

/** @type {(article: Element, order: any) => void} */
export const showOrder = (article, { order_uid, date_created, ...order }) =>
  article.replaceChildren(
    element("h2", ["Order ", element("bdi", order_uid)], { id: "order-title" }),
    element("p", field("amount", order.payment, order), { class: "amount" }),
    element("p", [element("bdi", time(date_created)), ` · ${counted(order.items.length, "item")}`]),
    element("div", [
      section("Delivery", list(order.delivery, order)),
      section("Payment", list(order.payment, order)),
      section("Order", list(order, order)),
    ]),
    section("Items", table(order)),
    element("p", element("a", "This order as JSON", { href: `/order/${order_uid}` })),
    origin(order_uid),
  );

/** Asks the database, so only once it is opened. @param {string} orderUid */
function origin(orderUid) {
  const details = element("details", element("summary", "Where it came from"));
  details.addEventListener("toggle", async () => details.append(place(await fate(orderUid))), { once: true });
  return details;
}

/** @type {(article: Element, records: any[]) => void} */
export const showReasons = (article, records) =>
  article.replaceChildren(
    element("h2", "Why it was refused", { id: "order-title" }),
    ...records.map((record) => section(time(record.quarantined_at), element("p", place(record)),
      element("ul", record.faults.map((/** @type {any} */ { path, sentence }) =>
        element("li", [`${sentence} `, element("code", path)]))))),
  );

/** @type {(title: string | Node, ...content: Node[]) => Node} */
const section = (title, ...content) => element("section", [element("h3", title), ...content]);

/** Every field but the parts. @type {(values: any, order: any) => Node} */
const list = (values, order) =>
  element("dl", Object.keys(values).filter((name) => typeof values[name] !== "object").map((name) =>
    element("div", [element("dt", label(name)), element("dd", field(name, values, order))])));

/** Roles outlive the style that turns rows into cards. @param {any} order */
function table(order) {
  const names = "name brand size price sale total_price status nm_id chrt_id rid".split(" ");
  const heads = names.map((name) => element("th", label(name), { role: "columnheader" }));
  const rows = order.items.map((/** @type {any} */ item) =>
    element("tr", names.map((name) =>
      element("td", field(name, item, order), { role: "cell", "data-label": label(name) })), { role: "row" }));
  const head = element("thead", element("tr", heads, { role: "row" }), { role: "rowgroup" });
  return element("table", [head, element("tbody", rows, { role: "rowgroup" })], { role: "table" });
}

/** @type {(name: string, values: any, order: any) => Node} */
function field(name, values, { payment }) {
  const value = values?.[name];
  return element("bdi",
    /amount|cost|fee|price|total/.test(name) ? money(value, payment?.currency)
    : name === "payment_dt" ? time(value)
    : name === "sale" ? `${text(value)}\u00a0%`
    : text(name.endsWith("_id") ? String(value ?? "") : value));
}

/** @param {any} value */
function time(value) {
  const date = moment(value);
  if (!date.getTime()) return text(value);
  return element("time", local(value), { datetime: date.toISOString() });
}

/** @type {(tag: string, content: any, attributes?: object) => Element} */
function element(tag, content, attributes = {}) {
  const made = document.createElement(tag);
  Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
  made.append(...[content].flat());
  return made;
}
