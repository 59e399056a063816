// A small mark beside a word: the same shape, colour and outline as on the map.

import { path } from "../map.js";
import { css } from "../tokens.js";
import { h } from "./element.js";

const SIZE = 22;

export function swatch(shape, color, { sign = "", dashed = false, faint = false } = {}) {
  const ratio = globalThis.devicePixelRatio || 1;
  const canvas = h("canvas", { width: SIZE * ratio, height: SIZE * ratio, class: "swatch", "aria-hidden": "true" });
  const ctx = canvas.getContext("2d");
  ctx.scale(ratio, ratio);
  ctx.translate(SIZE / 2, SIZE / 2 + (shape === "drop" || shape === "triangle" ? 1.5 : 0));
  path(ctx, shape, 7);
  ctx.globalAlpha = faint ? 0.35 : 1;
  ctx.fillStyle = color;
  ctx.fill();
  ctx.globalAlpha = 1;
  ctx.setLineDash(dashed ? [3, 2] : []);
  ctx.lineWidth = 1.25;
  ctx.strokeStyle = css("--mark-outline");
  ctx.stroke();
  if (sign) {
    ctx.fillStyle = "#000000";
    ctx.font = `600 10px ${css("--font")}`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.fillText(sign, 0, 0.5);
  }
  return canvas;
}
