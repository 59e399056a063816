// Reports: printed from the browser or made as PDF; a shift is handed over.

import { ask, element, working } from "./asking.js";
import { LongWork } from "./long_work.js";
import { h, language, learnWords, say } from "./page.js";

learnWords(element("words"));

element("print")?.addEventListener("click", () => print());

// The link is a plain one for who has no script, copies it or opens it elsewhere; otherwise the page shows how far it is.
const pdf = new LongWork("pdf-work", say("report_pdf"));
let kept = null;

element("pdf")?.addEventListener("click", async (event) => {
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const address = new URL(event.currentTarget.href);
  address.searchParams.set("lang", language);
  const made = await working("pdf-result", async () => {
    const { name, pdf: content } = await pdf.follow(address);
    if (kept) URL.revokeObjectURL(kept.href);
    const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
    kept = h("a", { href: URL.createObjectURL(new Blob([bytes], { type: "application/pdf" })), download: name }, say("pdf_again"));
    kept.click();
    return say("pdf_saved");
  });
  if (made) element("pdf-result").append(" ", kept);
});

element("hand-over")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const { start, end } = event.target.dataset;
  working("hand-result", async () => {
    const { id } = await ask("/reports/shift", { start, end, note: element("hand-note").value });
    location.assign(`/ops/reports/shift/${id}`);
    return say("shift_done");
  });
});
document.documentElement.dataset.ready = "1";
