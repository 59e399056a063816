// A public notice as citizens read it; the control room's preview is made by the same. Text is never read as HTML.

import { age, ageSeconds, time } from "./format.js";

const WORDS = {
  vi: { city: "Toàn thành phố", from: "từ", until: "đến", published: "đăng" },
  en: { city: "Whole city", from: "from", until: "until", published: "published" },
};

// `notice` as /api/v1/notices has it → {element, growOld(nowMs)}
export function noticeElement(notice, language, nowMs = Date.now()) {
  const words = WORDS[language];
  const area = notice.wards.map((ward) => ward.name[language]).join(", ") || words.city;
  const written = part("time");
  written.dateTime = notice.published_at;
  const moment = (iso) => time(iso, language, new Date(nowMs)).replace(/-/g, "/");
  const until = `${words.from} ${moment(notice.starts_at)} ${words.until} ${moment(notice.ends_at)}`;
  const element = part(
    "article",
    part("p", part("strong", notice.kind_name[language]), " · ", area),
    part("p", notice.text[language]),
    part("p", `${until} · ${words.published} `, written),
  );
  element.className = "notice";
  element.lang = language;
  ["notice-head", "notice-text", "notice-when"].forEach((name, n) => (element.children[n].className = name));
  const growOld = ageing(written, language);
  growOld(nowMs);
  return { element, growOld };
}

// `written`: the <time> of when a notice was published → growOld(nowMs)
export function ageing(written, language) {
  return (now) => {
    const said = age(ageSeconds(written.dateTime, now), language);
    if (written.textContent !== said) written.textContent = said;
  };
}

function part(name, ...children) {
  const element = document.createElement(name);
  element.append(...children);
  return element;
}
