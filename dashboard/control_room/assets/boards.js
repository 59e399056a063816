// All boards that the reader may see: one's own, and those that others share. New ones, empty or from a file.

import { ask, element, keepLooking, send, showRows, working } from "./asking.js";
import { filled, h, learnWords, say, setClock } from "./page.js";

const AGAIN_MS = 30_000;
learnWords(element("words"));

const row = (one) =>
  h("li", {}, h("div", {},
    h("p", {}, h("a", { href: `/ops/boards/${one.id}` }, one.title)),
    h("p", { className: "facts muted" }, h("span", {}, filled("board_panels", { count: one.panels })),
      h("span", {}, one.mine ? say(one.shared ? "board_shared" : "board_private") : filled("board_owner", { who: one.owner })), h("span", {}, one.changed))));

const look = keepLooking(async () => {
  const found = await ask("/boards");
  setClock(found.generated_at);
  showRows(element("mine"), found.boards.filter((one) => one.mine), row, "boards_none");
  showRows(element("others"), found.boards.filter((one) => !one.mine), row, "boards_none");
}, { everyMs: AGAIN_MS, faultId: "fault" });

const goTo = ({ id }) => {
  location.assign(`/ops/boards/${id}`);
  return "";
};

element("new").addEventListener("submit", (event) => {
  event.preventDefault();
  working("result", async () => goTo(await ask("/boards", { title: element("title").value })));
});
element("file").addEventListener("change", () => {
  const [file] = element("file").files;
  if (file) working("result", async () => goTo(await send("/boards/import", file))).then(() => (element("file").value = ""));
});

await look();
document.documentElement.dataset.ready = "1";
