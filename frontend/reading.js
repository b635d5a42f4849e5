/** Reading: what the service says in, what a person reads out. Nothing here touches the page. */

/** @param {string} text */
export const isOrderUid = (text) => /^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$/.test(text);

/** Parse JSON, or null; no digit of a whole number is lost where browsers can. @param {string} json */
export function parseJson(json) {
  try {
    return JSON.parse(json, (_, value, { source = "" } = {}) =>
      Number.isSafeInteger(value) || !/^-?\d+$/.test(source) ? value : BigInt(source));
  } catch {
    return null;
  }
}

/** Numbers with grouped digits, text as it is, a dash for nothing. @param {any} value */
export const text = (value) =>
  (typeof value === "string" ? value : value?.toLocaleString()) || "—";

/** Amounts are whole numbers and not divided. @type {(value: any, currency: any) => string} */
export const money = (value, currency) => `${text(value)}\u00a0${text(currency)}`;

/** @type {(count: number, thing: string) => string} */
export const counted = (count, thing) => `${text(count)} ${thing}${count === 1 ? "" : "s"}`;

/** A field's name in words: payment_dt → Payment time. @param {string} name */
export const label = (name) =>
  name[0].toUpperCase() + name.slice(1).replace("_dt", " time").replaceAll("_", " ");

/** Where a record came from. @param {any} arrival */
export const place = ({ source, topic, partition, offset }) => ({
  kafka: `Kafka topic ${topic}, partition ${partition}, offset ${offset}`,
  nats: `NATS stream ${topic?.slice(5)}, message ${offset}`,
  http: "Posted over HTTP",
})[source] ?? "Not known right now";

/** @param {number} milliseconds */
export const duration = (milliseconds) =>
  `${milliseconds.toLocaleString([], { maximumSignificantDigits: 2 })}\u00a0ms`;

/** Read an RFC 3339 date, or seconds since 1970. @param {any} value */
export const moment = (value) =>
  new Date(typeof value === "string" ? value : Number(value) * 1000);

/** @param {any} value */
export const local = (value) =>
  moment(value).toLocaleString([], { dateStyle: "medium", timeStyle: "long" });

/** Read Server-Timing (W3C): names and durations in words. @param {string | null} header */
export const serverTimings = (header) =>
  Array.from((header ?? "").matchAll(/([^\s,;]+)[^,]*?;\s*dur\s*=\s*"?([\d.]+)/g), ([, name, dur]) =>
    `${name} ${duration(Number(dur))}`);
