// Where a citizen is or means: the device's position, the city's places, and the three that this browser keeps.
// Nothing of it is sent anywhere.

import { fetchJson } from "./history.js";

const SAVED = "hanoi-saved-places";
const KNOWN = "hanoi-known-places";
const SENSITIVE = "hanoi-sensitive";
const EARTH_RADIUS_M = 6371008.8; // as in storage/places.py
const OUTSIDE_M = 20000; // storage/wards.py: in none of them
const POSITION = { enableHighAccuracy: true, timeout: 20000, maximumAge: 60000 };

export const SLOTS = ["home", "school", "work"];

// A browser may refuse to keep anything: then it is as if nothing was kept.
function kept(key, otherwise) {
  try {
    const value = JSON.parse(localStorage.getItem(key));
    return value === null ? otherwise : value;
  } catch (error) {
    return otherwise;
  }
}

function keep(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
    return true;
  } catch (error) {
    return false;
  }
}

const isPlace = (one) => Boolean(one) && isFinite(one.lat) && isFinite(one.lon) && typeof one.lat === "number" && typeof one.lon === "number";

// {home: {name: {vi, en} | null, kind, lat, lon}, …}
export function savedPlaces() {
  const all = kept(SAVED, {});
  const found = {};
  for (const slot of SLOTS) if (all && isPlace(all[slot])) found[slot] = all[slot];
  return found;
}

export const savePlace = (slot, place) => keep(SAVED, Object.assign(savedPlaces(), { [slot]: place }));

export function forgetPlace(slot) {
  const left = savedPlaces();
  delete left[slot];
  return keep(SAVED, Object.keys(left).length ? left : null);
}

export const isSensitive = () => kept(SENSITIVE, false) === true;
export const setSensitive = (yes) => keep(SENSITIVE, yes ? true : null);

// Streets, wards and stations; the last known ones while nobody answers.
export async function loadPlaces() {
  try {
    const { items } = await fetchJson("/api/v1/places");
    keep(KNOWN, items);
    return items;
  } catch (error) {
    console.warn(error.message);
    return knownPlaces();
  }
}

export function knownPlaces() {
  const items = kept(KNOWN, []);
  return Array.isArray(items) ? items : [];
}

// → {lat, lon, accuracy}; rejects with "insecure", "denied" or "unavailable".
export function devicePosition() {
  return new Promise((resolve, reject) => {
    if (!window.isSecureContext) return reject(new Error("insecure"));
    if (!navigator.geolocation) return reject(new Error("unavailable"));
    return navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ lat: coords.latitude, lon: coords.longitude, accuracy: coords.accuracy }),
      (error) => reject(new Error(error.code === 1 ? "denied" : "unavailable")),
      POSITION,
    );
  });
}

// Metres along the great circle.
export function distance(a, b) {
  const rad = Math.PI / 180;
  const chord = Math.sin(((b.lat - a.lat) * rad) / 2) ** 2 + Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * Math.sin(((b.lon - a.lon) * rad) / 2) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(chord)));
}

// The ward whose centre is nearest; null: far from all.
export function nearestWard(places, at) {
  let best = null;
  let least = OUTSIDE_M;
  for (const place of places) {
    if (place.kind !== "ward" || !place.location) continue;
    const metres = distance(at, place.location);
    if (metres <= least) [best, least] = [place, metres];
  }
  return best;
}

// Nobody is sent to a position that is made up (trust S), as on the pages of places (places/place.py).
export const canBeGoneTo = ({ properties }) => properties.coordinate_trust !== "S";

// The features that are points, the nearest first: [{feature, metres}].
export function byDistance(features, at) {
  return features
    .filter((feature) => feature.geometry.type === "Point")
    .map((feature) => ({ feature, metres: distance(at, { lat: feature.geometry.coordinates[1], lon: feature.geometry.coordinates[0] }) }))
    .sort((a, b) => a.metres - b.metres);
}

// The polygons that a place lies in, by their outer ring less their holes.
export function around(features, at) {
  return features.filter(({ geometry }) => geometry.type === "Polygon" && inRing(geometry.coordinates[0], at) && !geometry.coordinates.slice(1).some((hole) => inRing(hole, at)));
}

function inRing(ring, { lat, lon }) {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
    const [x, y] = ring[i];
    const [px, py] = ring[j];
    if (y > lat !== py > lat && lon < ((px - x) * (lat - y)) / (py - y) + x) inside = !inside;
  }
  return inside;
}
