// Reports: printed from the browser; a shift is handed over.

import { ask, element, working } from "./asking.js";
import { learnWords, say } from "./page.js";

learnWords(element("words"));

element("print")?.addEventListener("click", () => print());

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
