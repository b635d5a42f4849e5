/** The order on the page: an article and an order in, the order in readable form out. */

import { address } from "./lookup.js";
import { counted, label, moment, money, text } from "./reading.js";

const ORDER = "track_number delivery_service customer_id entry locale internal_signature shardkey sm_id oof_shard";
const DELIVERY = "name address city region zip phone email";
const PAYMENT = "goods_total delivery_cost custom_fee amount payment_dt bank provider transaction request_id";
const ITEM = "name brand size price sale total_price status nm_id chrt_id rid";

const AMOUNTS = ["amount", "goods_total", "delivery_cost", "custom_fee", "price", "total_price"];
const TIMES = ["date_created", "payment_dt"];

/**
 * Mount the view; the update it returns may be called again and again.
 * @type {(article: Element) => (order: any) => void}
 */
export const mountOrder = (article) => (order) =>
  article.replaceChildren(
    element("h2", ["Order ", field("order_uid", order, order)], { id: "order-title" }),
    element("p", field("amount", order.payment, order), { class: "amount" }),
    element("p", [field("date_created", order, order), ` · ${counted(order.items.length, "item")}`]),
    element("div", [
      section("Delivery", list(DELIVERY, order.delivery, order)),
      section("Payment", list(PAYMENT, order.payment, order)),
      section("Order", list(ORDER, order, order)),
    ]),
    section("Items", table(order)),
    element("a", "This order as JSON", { href: address(order.order_uid) }),
  );

/** @type {(title: string, content: Node) => Node} */
const section = (title, content) => element("section", [element("h3", title), content]);

/** @type {(names: string, values: any, order: any) => Node} */
const list = (names, values, order) =>
  element("dl", names.split(" ").map((name) =>
    element("div", [element("dt", label(name)), element("dd", field(name, values, order))])));

/** Roles outlive the style that turns rows into cards. @param {any} order */
function table(order) {
  const names = ITEM.split(" ");
  const heads = names.map((name) => element("th", label(name), { role: "columnheader" }));
  const rows = order.items.map((/** @type {any} */ item) =>
    element("tr", names.map((name) =>
      element("td", field(name, item, order), { role: "cell", "data-label": label(name) })), { role: "row" }));
  const head = element("thead", element("tr", heads, { role: "row" }), { role: "rowgroup" });
  return element("table", [head, element("tbody", rows, { role: "rowgroup" })], { role: "table" });
}

/** @type {(name: string, values: any, order: any) => Node} */
const field = (name, values, order) => element("bdi", shown(name, values?.[name], order));

/** @type {(name: string, value: any, order: any) => string | Node} */
function shown(name, value, order) {
  if (AMOUNTS.includes(name)) return money(value, order.payment?.currency);
  if (TIMES.includes(name)) return time(value);
  if (name === "sale") return `${text(value)}\u00a0%`;
  return text(name.endsWith("_id") ? String(value ?? "") : value);
}

/** @param {any} value */
function time(value) {
  const date = moment(value);
  if (!date.getTime()) return text(value);
  const local = date.toLocaleString([], { dateStyle: "medium", timeStyle: "long" });
  return element("time", local, { datetime: date.toISOString() });
}

/** @type {(tag: string, content: string | Node | (string | Node)[], attributes?: Record<string, string>) => Node} */
function element(tag, content, attributes = {}) {
  const made = document.createElement(tag);
  Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
  made.append(...[content].flat());
  return made;
}
