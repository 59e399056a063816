// What the stations around a place say, worked out and not drawn: no page, no clock of its own.

import { bandOf } from "../city.js";
import { around, byDistance } from "./places.js";

const GOOD_TO = 2; // quality: 1 good, 2 not evaluated
const HOUR_MS = 3600000;
const DAY_MS = 86400000;
const GAP_MS = 15 * 60000; // docs/indicators/flood.md: a point not heard for so long has no level
const WAVE_MS = 10 * 60000; // the deepest of the last ten minutes says who can pass
const NEAR_AN_HOUR_MS = 20 * 60000;
const DETOUR = 1.3; // streets are no straight lines: an estimate
const WALK_M_PER_MIN = 75; // 4.5 km/h

export const FLOOD_M = 500;
export const WALK_M = [500, 1000];

const isLive = ({ feature }) => feature.properties.level !== null && feature.properties.level !== undefined;

// The nearest that says something now, else the nearest; and the others, the nearest first.
export function nearest(features, at, most) {
  const all = byDistance(features, at);
  const main = all.find(isLive) || all[0] || null;
  return { main, others: all.filter((one) => one !== main).slice(0, most - 1) };
}

// Flood points within the radius, or that bear the street's name; without any, the nearest alone. And areas that hold the place.
export function floods(features, at, street) {
  const areas = around(features, at);
  const all = byDistance(features, at);
  const near = all.filter(({ feature, metres }) => metres <= FLOOD_M || (street && feature.properties.name_vi.includes(street)));
  return { areas, within: near.length > 0, points: near.length ? near : all.slice(0, 1) };
}

// Since when a street is flooded, from its readings of a day, oldest first:
// {time, how: "exact" | "least" | "longer"}; null: it is not, by the last of them.
export function floodedSince(points, bands, now) {
  const good = points.filter((point) => point.quality <= GOOD_TO);
  const wet = (point) => {
    const band = bandOf(bands, point.result);
    return band !== null && band.level >= 1;
  };
  const at = (index) => Date.parse(good[index].time);
  let first = good.length - 1;
  if (first < 0 || !wet(good[first])) return null;
  while (first > 0 && wet(good[first - 1]) && at(first) - at(first - 1) <= GAP_MS) first -= 1;
  if (first === 0) return { time: good[0].time, how: now - at(0) > DAY_MS - GAP_MS ? "longer" : "least" };
  return { time: good[first].time, how: at(first) - at(first - 1) <= GAP_MS ? "exact" : "least" };
}

export function deepestLately(points, now, otherwise) {
  const late = points.filter((point) => point.quality <= GOOD_TO && now - Date.parse(point.time) <= WAVE_MS).map((point) => point.result);
  return late.length ? Math.max(otherwise, ...late) : otherwise;
}

// [[name, word]] of who should take care or not pass at a depth.
export function passability(traffic, depthCm) {
  return traffic.map(({ name, passable, limits }) => {
    const reached = limits.filter(([limit]) => depthCm >= limit);
    return [name, reached.length ? reached[reached.length - 1][1] : passable];
  });
}

// By how much the last value differs from that of an hour before, both rounded as they are shown; null: there is none.
export function changeInAnHour(points) {
  const good = points.filter((point) => point.quality <= GOOD_TO);
  const last = good[good.length - 1];
  if (!last) return null;
  const wanted = Date.parse(last.time) - HOUR_MS;
  const off = (point) => Math.abs(Date.parse(point.time) - wanted);
  const before = good.filter((point) => off(point) <= NEAR_AN_HOUR_MS).sort((a, b) => off(a) - off(b))[0];
  return before ? Math.round(last.result) - Math.round(before.result) : null;
}

// Parking points by foot: {points within the longer way, free: [within the shorter, within the longer], unheard: whether
// bays of some are not known, so that there may be more}.
export function parkings(features, at) {
  const all = byDistance(features.filter((feature) => feature.properties.capacity !== undefined), at);
  const within = (most) => all.filter(({ metres }) => metres <= most);
  const free = WALK_M.map((most) => within(most).reduce((sum, { feature }) => sum + feature.properties.free, 0));
  const points = within(WALK_M[1]);
  return { free, unheard: points.some(({ feature }) => feature.properties.unknown > 0), within: points.length > 0, points: points.length ? points : all.slice(0, 1) };
}

export const minutesOnFoot = (metres) => Math.max(1, Math.ceil((metres * DETOUR) / WALK_M_PER_MIN));

// Where a bay or point is paid for; null: nothing is set, or the bay that it needs is not chosen.
export function payLink(template, point, bay) {
  if (!template || (template.includes("{bay}") && !bay)) return null;
  return template.replace(/\{(point|bay)\}/g, (_, key) => encodeURIComponent(key === "bay" ? bay : point));
}
