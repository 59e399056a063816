// Finds by name as people type: without diacritics too, words in any order, begun words, "P." and "Đ.".
// Ranks as dashboard/gazetteer.py does; tests hold both to one table of cases.

import { plain } from "./plain.js";

const KINDS = ["street", "ward", "thing"];
const LEADING = new Set(["d", "duong", "p", "pho", "phuong", "x", "xa"]);

export const typedWords = (typed) => plain(typed).match(/[\p{L}\p{N}]+/gu) || [];
export const core = (name) => typedWords(name).join(" ");

// `entries`: [{kind, id, core, sought}], both folded. Those that hold every typed word, the best first.
export function found(entries, typed, most) {
  const words = typedWords(typed);
  if (!words.length) return [];
  const tried = LEADING.has(words[0]) && words.length > 1 ? [words, words.slice(1)] : [words];
  return entries
    .filter(({ sought }) => words.every((word) => sought.includes(word)))
    .map((entry) => ({ entry, fit: Math.min(...tried.map((each) => fit(entry.core, each))), at: inOrder(entry.core) }))
    .sort((a, b) => a.fit - b.fit || KINDS.indexOf(a.entry.kind) - KINDS.indexOf(b.entry.kind) || compare(a.at, b.at) || compare(a.entry.id, b.entry.id))
    .slice(0, most)
    .map(({ entry }) => entry);
}

// 0 the very name, 1 it begins so, 2 each word begins one of the name's, 3 somewhere.
function fit(name, words) {
  const phrase = words.join(" ");
  if (name === phrase) return 0;
  if (name.startsWith(phrase)) return 1;
  const own = name.split(" ");
  return words.every((word) => own.some((one) => one.startsWith(word))) ? 2 : 3;
}

const inOrder = (name) => name.replace(/\d+/g, (figures) => figures.padStart(8, "0")); // point 2 before point 10
const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
