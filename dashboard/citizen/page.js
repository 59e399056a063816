// The citizens' page: takes over what stands in the HTML, and wires the city model, the map, the list and the panel to
// snapshots and the live stream. A domain's snapshot is asked for when something of it is needed: a value came, the
// map is shown, a place is opened.

import { City } from "../city.js";
import { age, ageSeconds, moment, number } from "../format.js";
import { openStream } from "../live.js";
import { WORST_FIRST, adoptAlerts, pointOf, showAlerts } from "./alerts.js";
import { Detail } from "./detail.js";
import { $, language, nameOf, orElse, settings, t } from "./element.js";
import { whenIdle } from "./idle.js";
import { adoptLayers, showLayers } from "./layers.js";
import { showLegend } from "./legend.js";
import { PlaceList } from "./list.js";
import { Notices } from "./notices.js";
import { keepForOffline } from "./offline.js";

const API = "/api/v1";
const SNAPSHOTS_EVERY_MS = 60000;
const CATALOGUE_EVERY_MS = 15000;
const ALERTS_EVERY_MS = 5000;
const NOTICES_EVERY_MS = 30000; // the stream tells at once; this is for who has none
const CLOCK_EVERY_MS = 1000;
const LIST_EVERY_MS = 5000;
const SUMMARY_AFTER_MS = 2000;
const AGAIN_MS = 5000;
const WIDE = 900; // as in page.css

const page = {
  city: null,
  ready: null, // promise of the city
  map: null,
  mapWanted: false,
  detail: null,
  here: null,
  hereCame: null, // promise of it, with its words
  ward: null, // what a tap of the map tells
  tapped: null, // the last tap beside all marks, until a place is opened
  notices: null,
  list: null,
  alerts: [],
  alertsSaid: null, // the last answer; null: there was none yet
  selected: null,
  simulatedAtFirst: false, // what the first HTML said
  visible: new Set(),
  known: new Set(), // domains whose layer was switched on once by itself
  loaded: new Map(), // domain → promise of its first snapshot
  waiting: new Map(), // domain → timer of a snapshot that is to be had anew
  asOf: document.body.dataset.generatedAt, // of what is shown
};

// Asks again and again only while there is somebody to ask.
const online = (ask) => () => (navigator.onLine === false ? undefined : ask());

start();

async function start() {
  takeOver();
  openStream(`${API}/stream`, { onItems: takeItems, onState: showConnection, onChange: takeChange });
  setInterval(online(loadAlerts), ALERTS_EVERY_MS);
  setInterval(online(loadNotices), NOTICES_EVERY_MS);
  setInterval(passTime, CLOCK_EVERY_MS);
  setInterval(showPlaces, LIST_EVERY_MS);
  loadNotices();
  $("map-show").addEventListener("click", showMap);
  addEventListener("resize", () => onMap((map) => map.refit()));
  addEventListener("hashchange", openFromAddress);
  if (innerWidth >= WIDE) whenIdle(showMap);
  page.hereCame = new Promise((done) => whenIdle(() => showHere().then(done)));
  whenIdle(keepForOffline);
  page.ready = loadCatalogue();
  await page.ready;
  setInterval(online(loadCatalogue), CATALOGUE_EVERY_MS);
  setInterval(online(loadSnapshots), SNAPSHOTS_EVERY_MS);
  loadAlerts();
  openFromAddress();
}

// The elements of the first HTML become the page's own, as they stand.
function takeOver() {
  page.list = new PlaceList($("tables"), focus);
  page.detail = new Detail($("detail"), { onClose: close, onChart: showSimulated });
  page.notices = new Notices($("notices"), $("notice-said"), () => onMap((map) => map.refit()));
  for (const link of $("layers").querySelectorAll("a")) {
    page.visible.add(link.dataset.domain);
    page.known.add(link.dataset.domain);
  }
  adoptLayers($("layers"), toggle);
  adoptAlerts($("alerts"), focus);
  $("search").addEventListener("input", choosePlaces);
  page.simulatedAtFirst = !$("simulated").hidden;
  if ($("search").value) choosePlaces(); // what a browser kept over a reload
}

async function get(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

// 'Around me' and the search come after the values that are there.
async function showHere() {
  try {
    const { Here } = await import("./here.js");
    page.here = new Here($("here"), { onOpen: focus, onChange: showSimulated, onWanted: wantAll });
  } catch (error) {
    console.warn(error.message);
    await new Promise((done) => setTimeout(done, AGAIN_MS));
    return showHere();
  }
  if (page.city) page.here.refresh(page.city);
  return page.here.built;
}

async function wantAll() {
  await page.ready;
  await needAll();
  page.here.refresh(page.city);
}

// The catalogue, and the layer of every domain that is new in it.
async function loadCatalogue() {
  try {
    const catalogue = await get(`${API}/domains`);
    if (page.city) page.city.setCatalogue(catalogue);
    else page.city = new City(catalogue);
  } catch (error) {
    return tryAgain(error);
  }
  if (page.here) page.here.refresh(page.city);
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

// A domain's snapshot, unless there was one already.
function need(key) {
  return page.loaded.get(key) || loadSnapshot(key);
}

function needAll() {
  return Promise.all([...page.city.domains.keys()].map(need));
}

function loadSnapshot(key) {
  const loading = takeSnapshot(key);
  if (!page.loaded.has(key)) page.loaded.set(key, loading);
  return loading;
}

async function takeSnapshot(key) {
  try {
    const snapshot = await get(`${API}/map/${key}.geojson`);
    page.city.replace(snapshot);
    if (Date.parse(snapshot.generated_at) > Date.parse(page.asOf)) page.asOf = snapshot.generated_at;
    $("load-error").hidden = true;
  } catch (error) {
    page.loaded.delete(key);
    return tryAgain(error);
  }
  drawDomain(key);
  showPlaces();
  showFreshness();
  page.detail.refresh(page.city, page.alerts);
  if (page.here) page.here.refresh(page.city);
  return undefined;
}

async function loadAlerts() {
  if (!page.city) return;
  try {
    page.alerts = (await get(`${API}/alerts`)).items;
  } catch (error) {
    console.warn(error.message);
    return;
  }
  const said = JSON.stringify(page.alerts);
  if (said !== page.alertsSaid) showAlerts($("alerts"), page.alerts, page.city, focus); // else a focused one stays focused
  page.alertsSaid = said;
  page.detail.setAlerts(page.alerts, page.city);
  onMap((map) => [...page.visible].forEach((key) => map.update(page.city.of(key))));
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

// A tick of the stream: what it changes is drawn at once, sums over bays and what no snapshot was had of are asked for soon after.
function takeItems(items) {
  showConnection("open");
  if (!page.city) return;
  page.asOf = new Date().toISOString();
  const { changed, unseen } = page.city.apply(items);
  onMap((map) => map.update(changed));
  page.detail.take(items, page.city);
  for (const key of unseen) {
    if (!page.city.domains.has(key)) loadCatalogue();
    else if (!page.waiting.has(key)) page.waiting.set(key, setTimeout(() => catchUp(key), SUMMARY_AFTER_MS));
  }
}

// Something besides values. Not all browsers ask for the city in the same moment.
function takeChange(what) {
  if (what.includes("notices")) loadNotices();
  if (what.includes("things") && page.city) setTimeout(loadSnapshots, SUMMARY_AFTER_MS * (0.5 + Math.random()));
}

function catchUp(key) {
  page.waiting.delete(key);
  loadSnapshot(key);
}

let state = "connecting";

function showConnection(now) {
  if (now === state) return;
  if (state === "lost" && now === "open") {
    if (page.city) loadSnapshots(); // what was missed meanwhile
    loadNotices();
  }
  state = now;
  $("dot").dataset.state = state;
  $("connection").textContent = t(state === "open" ? "connected" : "disconnected");
  showFreshness();
}

function passTime() {
  if (page.city) {
    const changed = page.city.grow(Date.now());
    onMap((map) => map.update(changed));
    page.detail.passTime(page.city);
    if (page.here) page.here.refresh(page.city);
  }
  page.list.passTime(Date.now());
  showFreshness();
  page.notices.passTime();
}

function showFreshness() {
  const newest = newestTime();
  const old = Boolean(newest) && ageSeconds(newest) > 900;
  $("newest").textContent = newest ? `${t(old ? "old_data" : "newest")}: ${age(ageSeconds(newest), language)}` : t("no_data");
  $("freshness").dataset.old = String(old);
  $("as-of").hidden = state === "open";
  if (state !== "connecting") $("as-of").textContent = `${t("as_of")} ${moment(page.asOf)}`; // also for print
  showSimulated();
}

// Of the snapshots that are there, and of what stands in the list.
function newestTime() {
  const times = [...document.querySelectorAll("#tables tbody time")].map((said) => said.dateTime);
  if (page.city) for (const key of page.loaded.keys()) times.push(page.city.newestTime(key));
  return times.filter(Boolean).reduce((a, b) => (a && Date.parse(a) > Date.parse(b) ? a : b), null);
}

// Until every domain's snapshot is there, what the first page said counts too.
function showSimulated() {
  const whole = page.city && [...page.known].every((key) => page.loaded.has(key)) && page.alertsSaid !== null;
  const any = (page.city && page.city.anySimulated(page.known)) || page.alerts.some((alert) => alert.simulated) || page.detail.anySimulated || (page.here && page.here.anySimulated);
  $("simulated").hidden = !(any || (!whole && page.simulatedAtFirst));
}

// The map

const onMap = (run) => (page.map ? run(page.map) : undefined);

// Leaflet and our map come when somebody wants them; until then the place that they will have is a button.
async function showMap() {
  if (page.mapWanted) return;
  page.mapWanted = true;
  $("map-frame").classList.add("open");
  $("map-show").hidden = true;
  $("map-said").textContent = t("map_loading");
  try {
    const [{ createCityMap }] = await Promise.all([import("../map.js"), styled(`${settings.assets}/leaflet/leaflet.css`)]);
    await page.ready;
    await needAll();
    page.map = createCityMap($("map"), mapOptions());
  } catch (error) {
    console.warn(error.message);
    page.mapWanted = false;
    $("map-show").hidden = false;
    $("map-said").textContent = t("map_failed");
    return;
  }
  $("map-asked").hidden = true;
  $("legend").hidden = false;
  $("legend").open = innerWidth >= WIDE;
  showLegend($("legend-body"), page.city, page.visible);
  page.visible.forEach(drawDomain);
  if (innerWidth >= WIDE) page.map.fit($("legend").offsetWidth);
  if (page.selected) showOnMap(page.selected);
}

function mapOptions() {
  return {
    basemap: `${settings.assets}/basemap.geojson`,
    tiles: settings.tilesUrl,
    attribution: settings.tilesUrl ? "" : t("schematic"),
    zoomIn: t("zoom_in"),
    zoomOut: t("zoom_out"),
    zoom: innerWidth < 700 ? 12 : 13,
    onSelect: select,
    onPlace: tellWard,
    nameOf,
  };
}

// Which ward a place of the map is in.
async function tellWard(at) {
  page.tapped = at;
  try {
    const [{ WardHere }] = await Promise.all([import("./ward.js"), page.hereCame]);
    if (!page.ward) page.ward = new WardHere($("map-frame"), page.map, page.here);
  } catch (error) {
    return console.warn(error.message); // the next tap tries again
  }
  return page.tapped === at ? page.ward.show(at) : undefined;
}

function styled(href) {
  return new Promise((done, failed) => {
    const link = document.createElement("link");
    Object.assign(link, { rel: "stylesheet", href, onload: done, onerror: () => failed(new Error(href)) });
    document.head.prepend(link); // our own rules come after it
  });
}

function toggle(key) {
  if (!page.visible.delete(key)) page.visible.add(key);
  if (page.city) drawLayers();
  else for (const one of $("layers").children) one.setAttribute("aria-pressed", String(page.visible.has(one.dataset.domain)));
  drawDomain(key);
  choosePlaces();
}

function drawLayers() {
  showLayers($("layers"), page.city, page.visible, toggle);
  if (page.map) showLegend($("legend-body"), page.city, page.visible);
}

// The severity of the worst alert at a place.
function worstAt(thing) {
  const own = page.alerts.filter((alert) => alert.thing === thing).map(({ severity }) => severity);
  return WORST_FIRST.find((one) => own.includes(one));
}

function drawDomain(key) {
  if (!page.map) return undefined;
  if (!page.visible.has(key)) return page.map.remove(key);
  const { shape } = page.city.domains.get(key).map;
  return page.map.setFeatures(key, page.city.of(key), {
    shape,
    text: (feature) => markText(feature),
    alerted: (feature) => worstAt(feature.id),
    badges: true,
  });
}

// What stands inside a mark: free bays, or the headline value in at most three characters.
function markText(feature) {
  const p = feature.properties;
  if (p.capacity !== undefined) return p.level === null ? "" : String(p.free);
  const value = page.city.headline(feature);
  if (!value || p.level === null) return "";
  const { decimals } = page.city.property(feature.domain, page.city.domains.get(feature.domain).headline);
  return number(value.result, Math.abs(value.result) < 10 ? Math.min(orElse(decimals, 1), 1) : 0, language);
}

// The list

function showPlaces() {
  if (!page.city) return;
  page.list.show(page.city, [...page.loaded.keys()].filter((key) => page.city.of(key).length || page.list.domains.includes(key)));
  choosePlaces();
}

function choosePlaces() {
  const keys = page.city ? [...page.city.domains.keys()] : page.list.domains;
  page.list.choose(keys.filter((key) => page.visible.has(key)), $("search").value);
}

// One place

function select(id) {
  if (id === page.selected) return;
  page.selected = id;
  const feature = id ? page.city.get(id) : null;
  history.replaceState(null, "", feature ? `#${id}` : location.pathname);
  page.detail.show(feature, page.city, page.alerts);
  if (feature) page.tapped = null;
  if (feature && page.ward) page.ward.close();
  if (feature) onMap((map) => map.reveal(id, covered()));
}

function close() {
  onMap((map) => map.select(null));
  select(null);
}

// How much of the map's lower edge the panel covers: on phones it lies over it.
function covered() {
  const [map, panel] = [$("map").getBoundingClientRect(), page.detail.element.getBoundingClientRect()];
  return panel.left < map.right && panel.top < map.bottom ? map.bottom - panel.top : 0;
}

// Opens a place's panel; what it says is had when it is needed.
async function focus(thing) {
  await page.ready;
  const key = page.list.domainOf(thing);
  await (key && page.city.domains.has(key) ? need(key) : needAll());
  const id = pointOf(thing, page.city);
  const feature = page.city.get(id);
  if (!feature) return;
  if (!page.visible.has(feature.domain)) toggle(feature.domain);
  select(id);
  showOnMap(id);
  page.detail.element.focus();
}

function showOnMap(id) {
  onMap((map) => {
    map.focus(id);
    map.reveal(id, covered());
  });
}

function openFromAddress() {
  const id = location.hash.slice(1);
  if (id && !id.startsWith("t-")) focus(id);
  else if (!id) close();
}
