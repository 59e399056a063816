// What the panel shows of a flood that citizens reported and the centre confirmed: words, times, picture, answer.

import { time } from "../format.js";
import { h, language, t } from "./element.js";

export function isCitizenReport(feature) {
  return feature.properties.kind === "citizen_report";
}

export function reportPart({ properties: p }) {
  const answer = p[`answer_${language}`] || p.answer_vi || p.answer_en;
  const span = `${t("report_at")} ${time(p.reported_at, language)} · ${t("report_until")} ${time(p.expires_at, language)}`;
  return h("div", { class: "citizen-report" },
    p.description ? h("blockquote", { lang: p.language }, p.description) : null,
    h("p", { class: "note" }, span),
    answer ? h("p", {}, h("strong", {}, `${t("report_answer")}: `), answer) : null,
    p.photo ? h("img", { src: p.photo, alt: t("report_photo"), loading: "lazy" }) : null,
    h("p", { class: "note" }, t("report_not_measured")));
}
