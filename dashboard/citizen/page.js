// The citizens' page: wires the city model, the map, the list and the panel to snapshots and the live stream.

import { City } from "../city.js";
import { age, ageSeconds, number } from "../format.js";
import { openStream } from "../live.js";
import { createCityMap } from "../map.js";
import { showAlerts } from "./alerts.js";
import { Detail } from "./detail.js";
import { $, language, nameOf, settings, t } from "./element.js";
import { Here } from "./here.js";
import { showLayers } from "./layers.js";
import { showLegend } from "./legend.js";
import { showList } from "./list.js";
import { Notices } from "./notices.js";

const API = "/api/v1";
const SNAPSHOTS_EVERY_MS = 60_000;
const CATALOGUE_EVERY_MS = 15_000;
const ALERTS_EVERY_MS = 5_000;
const NOTICES_EVERY_MS = 30_000; // the stream tells at once; this is for who has none
const CLOCK_EVERY_MS = 1_000;
const LIST_EVERY_MS = 5_000;
const SUMMARY_AFTER_MS = 2_000;
const AGAIN_MS = 5_000;
const WIDE = 900; // as in page.css

const page = {
  city: null,
  map: null,
  detail: null,
  here: null,
  notices: null,
  alerts: [],
  visible: new Set(),
  known: new Set(), // domains whose layer was switched on once by itself
  waiting: new Map(), // domain → timer of a snapshot that is to be had anew
};

start();

async function start() {
  page.map = createCityMap($("map"), {
    basemap: "/assets/basemap.geojson",
    tiles: settings.tilesUrl,
    attribution: settings.tilesUrl ? "" : t("schematic"),
    zoomIn: t("zoom_in"),
    zoomOut: t("zoom_out"),
    zoom: innerWidth < 700 ? 12 : 13,
    onSelect: select,
    nameOf,
  });
  page.detail = new Detail($("detail"), { onClose: () => page.map.select(null), onChart: showSimulated });
  page.here = new Here($("here"), { onOpen: focus, onChange: showSimulated });
  page.notices = new Notices($("notices"), $("notice-said"), () => page.map.refit());
  $("legend").open = innerWidth >= WIDE;
  $("search").addEventListener("input", listPlaces);
  addEventListener("resize", () => page.map.refit());
  addEventListener("hashchange", openFromAddress);
  await loadCatalogue();
  setInterval(loadCatalogue, CATALOGUE_EVERY_MS);
  setInterval(loadSnapshots, SNAPSHOTS_EVERY_MS);
  setInterval(loadAlerts, ALERTS_EVERY_MS);
  setInterval(passTime, CLOCK_EVERY_MS);
  setInterval(listPlaces, LIST_EVERY_MS);
  setInterval(loadNotices, NOTICES_EVERY_MS);
  loadAlerts();
  loadNotices();
  openStream(`${API}/stream`, { onItems: takeItems, onState: showConnection, onChange: takeChange });
  if (innerWidth >= WIDE) page.map.fit($("legend").offsetWidth);
  openFromAddress();
}

async function get(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

// The catalogue, and the map of every domain that is new in it.
async function loadCatalogue() {
  try {
    const catalogue = await get(`${API}/domains`);
    if (page.city) page.city.setCatalogue(catalogue);
    else page.city = new City(catalogue);
  } catch (error) {
    return tryAgain(error);
  }
  const added = [...page.city.domains.keys()].filter((key) => !page.known.has(key));
  for (const key of added) {
    page.known.add(key);
    page.visible.add(key);
  }
  if (added.length) {
    drawLayers();
    await Promise.all(added.map(loadSnapshot));
  }
  return undefined;
}

function tryAgain(error) {
  console.warn(error.message);
  $("load-error").hidden = false;
  if (!page.city) return new Promise((done) => setTimeout(done, AGAIN_MS)).then(loadCatalogue);
  return undefined;
}

function loadSnapshots() {
  return Promise.all([...page.city.domains.keys()].map(loadSnapshot));
}

async function loadSnapshot(key) {
  try {
    page.city.replace(await get(`${API}/map/${key}.geojson`));
    $("load-error").hidden = true;
  } catch (error) {
    return tryAgain(error);
  }
  drawDomain(key);
  listPlaces();
  showFreshness();
  page.detail.refresh(page.city, page.alerts);
  page.here.refresh(page.city);
  return undefined;
}

async function loadAlerts() {
  try {
    page.alerts = (await get(`${API}/alerts`)).items;
  } catch (error) {
    console.warn(error.message);
    return;
  }
  showAlerts($("alerts"), page.alerts, page.city, (id) => focus(id));
  page.detail.setAlerts(page.alerts, page.city);
  for (const key of page.visible) page.map.update(page.city.of(key));
}

async function loadNotices() {
  try {
    const answer = await fetch(`${API}/notices`, { cache: "no-cache" }); // what was withdrawn may not stay for a second more
    if (!answer.ok) throw new Error(`notices: ${answer.status}`);
    page.notices.show((await answer.json()).items);
  } catch (error) {
    console.warn(error.message);
  }
}

// A tick of the stream: what it changes is drawn at once, sums over bays are asked for soon after.
function takeItems(items) {
  showConnection("open");
  const { changed, unseen } = page.city.apply(items);
  page.map.update(changed);
  page.detail.take(items, page.city);
  for (const key of unseen) {
    if (!page.city.domains.has(key)) loadCatalogue();
    else if (!page.waiting.has(key)) page.waiting.set(key, setTimeout(() => catchUp(key), SUMMARY_AFTER_MS));
  }
}

// Something besides values. Not all browsers ask for the city in the same moment.
function takeChange(what) {
  if (what.includes("notices")) loadNotices();
  if (what.includes("things")) setTimeout(loadSnapshots, SUMMARY_AFTER_MS * (0.5 + Math.random()));
}

function catchUp(key) {
  page.waiting.delete(key);
  loadSnapshot(key);
}

let state = "connecting";

function showConnection(now) {
  if (now === state) return;
  if (state === "lost" && now === "open") {
    loadSnapshots(); // what was missed meanwhile
    loadNotices();
  }
  state = now;
  $("dot").dataset.state = state;
  $("connection").textContent = t(state === "open" ? "connected" : "disconnected");
}

function passTime() {
  page.map.update(page.city.grow(Date.now()));
  showFreshness();
  page.detail.passTime(page.city);
  page.here.refresh(page.city);
  page.notices.passTime();
}

function showFreshness() {
  const times = [...page.city.domains.keys()].map((key) => page.city.newestTime(key)).filter(Boolean);
  const newest = times.sort((a, b) => Date.parse(b) - Date.parse(a))[0];
  const old = newest && ageSeconds(newest) > 900;
  $("newest").textContent = newest
    ? `${t(old ? "old_data" : "newest")}: ${age(ageSeconds(newest), language)}`
    : t("no_data");
  $("freshness").dataset.old = String(Boolean(old));
  showSimulated();
}

function showSimulated() {
  const any = page.city.anySimulated(page.known) || page.alerts.some((a) => a.simulated) || page.detail.anySimulated || page.here.anySimulated;
  $("simulated").hidden = !any;
}

function drawLayers() {
  showLayers($("layers"), page.city, page.visible, (key) => {
    if (!page.visible.delete(key)) page.visible.add(key);
    drawLayers();
    drawDomain(key);
    listPlaces();
  });
  showLegend($("legend-body"), page.city, page.visible);
}

function drawDomain(key) {
  if (!page.visible.has(key)) return page.map.remove(key);
  const { shape } = page.city.domains.get(key).map;
  return page.map.setFeatures(key, page.city.of(key), {
    shape,
    text: (feature) => markText(feature),
    alerted: (feature) => page.alerts.some((alert) => alert.thing === feature.id),
  });
}

// What stands inside a mark: free bays, or the headline value in at most three characters.
function markText(feature) {
  const p = feature.properties;
  if (p.capacity !== undefined) return p.level === null ? "" : String(p.free);
  const value = page.city.headline(feature);
  if (!value || p.level === null) return "";
  const { decimals } = page.city.property(feature.domain, page.city.domains.get(feature.domain).headline);
  return number(value.result, Math.abs(value.result) < 10 ? Math.min(decimals, 1) : 0, language);
}

function listPlaces() {
  if (page.city) showList($("tables"), page.city, page.visible, $("search").value, (id) => focus(id));
}

function select(id) {
  const feature = id ? page.city.get(id) : null;
  history.replaceState(null, "", feature ? `#${id}` : location.pathname);
  page.detail.show(feature, page.city, page.alerts);
  if (feature) page.map.reveal(id, covered());
}

// How much of the map's lower edge the panel covers: on phones it lies over it.
function covered() {
  const [map, panel] = [$("map").getBoundingClientRect(), page.detail.element.getBoundingClientRect()];
  return panel.left < map.right && panel.top < map.bottom ? map.bottom - panel.top : 0;
}

function focus(id) {
  const feature = page.city.get(id);
  if (!feature) return;
  if (!page.visible.has(feature.domain)) {
    page.visible.add(feature.domain);
    drawLayers();
    drawDomain(feature.domain);
  }
  page.map.focus(id);
  page.map.reveal(id, covered());
  page.detail.element.focus();
}

function openFromAddress() {
  const id = location.hash.slice(1);
  if (page.city?.get(id)) focus(id);
  else if (!id) page.detail.show(null, page.city, page.alerts);
}
