// Numbers, times and ages as people in Hanoi read them. Language is "vi" or "en".

const ZONE = "Asia/Ho_Chi_Minh";
const LOCALE = { vi: "vi-VN", en: "en-GB" };

const made = new Map(); // formatters are dear to make, on a cheap phone some ms each

function kept(Kind, locale, options) {
  const key = `${Kind.name} ${locale} ${JSON.stringify(options)}`;
  if (!made.has(key)) made.set(key, new Kind(locale, options));
  return made.get(key);
}

export function number(value, decimals, language) {
  return kept(Intl.NumberFormat, LOCALE[language], { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).format(value);
}

const inHanoi = (date, locale, options) => (Number.isNaN(date.getTime()) ? "–" : kept(Intl.DateTimeFormat, locale, { timeZone: ZONE, ...options }).format(date));
const CLOCK = { hour: "2-digit", minute: "2-digit", hour12: false };
const isoDay = (date) => inHanoi(date, "sv-SE");

// "10:05" today, "21/11 10:05" otherwise; always Hanoi time. "–" of what is no time.
export function time(iso, language, now = new Date()) {
  const at = new Date(iso === null ? NaN : iso); // null would be 1970
  if (Number.isNaN(at.getTime())) return "–";
  const clock = inHanoi(at, LOCALE[language], CLOCK);
  if (isoDay(at) === isoDay(now)) return clock;
  const [, month, date] = isoDay(at).split("-");
  return `${date}/${month} ${clock}`;
}

// "10:05, 21/11".
export function moment(iso) {
  const at = new Date(iso);
  return `${inHanoi(at, "en-GB", CLOCK)}, ${inHanoi(at, "en-GB", { day: "2-digit", month: "2-digit" })}`;
}

// "22/11" or "22 Nov": the day of a value that is of a whole day, which ends at its time. 00:00 belongs to the day before.
export function dayEndingAt(iso, language) {
  const last = new Date(new Date(iso).getTime() - 1);
  if (language === "en") return inHanoi(last, "en-GB", { day: "numeric", month: "short" });
  return isoDay(last).split("-").slice(1).reverse().join("/");
}

const NAMED = new Set(["VN_AQI", "WQI", "pH"]); // the property's name says them already
const IN_WORDS = { min: { vi: "phút", en: "min" } };

// What stands behind a number: "" where its name says enough.
export function unit(symbol, language) {
  if (NAMED.has(symbol)) return "";
  return (IN_WORDS[symbol] || {})[language] || symbol;
}

const AGE = {
  vi: { now: "vừa xong", s: "giây trước", m: "phút trước", h: "giờ trước", d: "ngày trước" },
  en: { now: "just now", s: "s ago", m: "min ago", h: "h ago", d: "d ago" },
};

export function age(seconds, language) {
  const words = AGE[language];
  if (seconds < 10) return words.now;
  if (seconds < 60) return `${Math.floor(seconds)} ${words.s}`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} ${words.m}`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} ${words.h}`;
  return `${Math.floor(seconds / 86400)} ${words.d}`;
}

export function ageSeconds(iso, now = Date.now()) {
  return Math.max(0, (now - Date.parse(iso)) / 1000);
}

// Black or white, whichever reads better on a colour "#rrggbb" (WCAG relative luminance).
export function inkOn(color) {
  const [r, g, b] = [1, 3, 5].map((i) => {
    const c = parseInt(color.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000000" : "#ffffff";
}

// The phone's own map opens it.
export function geoLink({ lat, lon }, name) {
  const at = `${lat.toFixed(5)},${lon.toFixed(5)}`;
  return `geo:${at}?q=${at}(${encodeURIComponent(name).replace(/[()']/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)})`;
}
