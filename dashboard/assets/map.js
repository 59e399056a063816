// The city's map: Leaflet on canvas, marks that differ in shape, number and colour, an offline basemap.
// createCityMap(element, options) → {setFeatures, update, remove, select, focus, refit, leaflet}

import "./leaflet/leaflet.js";
import { inkOn } from "./format.js";
import { drawBasemap } from "./basemap.js";
import { css, onSchemeChange } from "./tokens.js";

const L = window.L;
const HANOI = [21.027, 105.832];
const LIMITS = [[20.45, 105.15], [21.5, 106.15]];
const RADIUS = 12;
const HALO = 5;
const TEXT_FROM_ZOOM = 12;
const NO_ENTRY = "#C1121C"; // a red that no level, alert or mark has

export const SHAPES = ["circle", "drop", "triangle", "diamond", "square", "hexagon", "pentagon", "star"];

// Options: {basemap: URL of the GeoJSON, tiles: URL template or null, attribution, label: accessible name,
//           onSelect(featureId | null), onPlace({lat, lon}): beside all marks, nameOf(feature), zoom, scale: of marks and names}
export function createCityMap(element, options) {
  const map = L.map(element, {
    preferCanvas: true,
    center: HANOI,
    zoom: options.zoom || 12,
    minZoom: 9,
    zoomSnap: 0.5,
    maxZoom: 18,
    maxBounds: LIMITS,
    maxBoundsViscosity: 0.8,
    zoomControl: false,
    attributionControl: false,
    keyboard: true,
  });
  L.control.attribution({ prefix: "Leaflet", position: "bottomright" }).addTo(map);
  L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
  L.control.zoom({ position: "topright", zoomInTitle: options.zoomIn, zoomOutTitle: options.zoomOut }).addTo(map);
  if (options.tiles) L.tileLayer(options.tiles, { attribution: options.attribution, maxZoom: 18 }).addTo(map);
  else drawBasemap(map, options.basemap, options.attribution, options.scale);
  const marks = new Marks(map, options.onSelect || (() => {}), options.nameOf || ((feature) => feature.properties.name_vi), options.scale || 1);
  map.on("click", ({ latlng }) => {
    marks.select(null);
    if (options.onPlace) options.onPlace({ lat: latlng.lat, lon: latlng.lng });
  });
  return marks;
}

class Marks {
  constructor(map, onSelect, nameOf, scale) {
    this._layers = new Map(); // domain → {group, shape, text, byId}
    this._selected = null;
    this.leaflet = map;
    this.scale = scale;
    this.onSelect = onSelect;
    this.nameOf = nameOf;
    map.createPane("extents").style.zIndex = 350;
    this.renderer = L.canvas({ padding: 0.3, tolerance: 8 });
    this.areas = L.canvas({ pane: "extents", padding: 0.3 });
    map.on("zoomend", () => this._redrawAll());
    onSchemeChange(() => this._redrawAll());
  }

  // Shows a domain's features and nothing else of it. `shape` is one of SHAPES, `text(feature)` what stands
  // inside a mark, `alerted(feature)` the severity of the worst alert that is firing for it; `badges`: marks say it themselves.
  setFeatures(domain, features, { shape, text, alerted = () => undefined, badges = false }) {
    this.remove(domain);
    const layer = { group: L.layerGroup().addTo(this.leaflet), shape, text, alerted, badges, byId: new Map() };
    this._layers.set(domain, layer);
    for (const feature of features) this._add(layer, feature);
  }

  // Draws these features anew after their properties changed.
  update(features) {
    for (const feature of features) {
      const layer = this._layers.get(feature.domain);
      const mark = layer && layer.byId.get(feature.id);
      if (!mark || !mark.setFeature) continue;
      mark.setFeature(feature);
      stack(mark);
    }
  }

  remove(domain) {
    const layer = this._layers.get(domain);
    if (layer) layer.group.remove();
    this._layers.delete(domain);
  }

  select(id) {
    const before = this._selected;
    this._selected = id;
    if (this._mark(id)) this._mark(id).bringToFront();
    for (const mark of [before, id].map((one) => this._mark(one)).filter(Boolean)) mark.redraw();
    if (before !== id) this.onSelect(id);
  }

  // Where a place [lat, lon] is on the screen, {x, y}, but for how far the map was dragged.
  pixelOf(place) {
    return this.leaflet.project(place);
  }

  // An element of the page's own at the shoulder of a place [lat, lon]; returns what takes it away again.
  pin([lat, lon], element) {
    const icon = L.divIcon({ html: element, className: "pin", iconSize: null });
    const marker = L.marker([lat, lon], { icon, interactive: false, keyboard: false }).addTo(this.leaflet);
    return () => marker.remove();
  }

  // Selects a Thing and brings it into sight.
  focus(id) {
    this.select(id);
    const mark = this._mark(id);
    if (mark) this.leaflet.setView(mark.getLatLng(), Math.max(this.leaflet.getZoom(), 14), { animate: !stillness() });
  }

  // Moves the map until the Thing is not under something that covers so many pixels of its lower edge.
  reveal(id, covered) {
    const mark = this._mark(id);
    if (mark) this.revealPlace(mark.getLatLng(), covered);
  }

  // The same for a place [lat, lon].
  revealPlace(place, covered) {
    const { y } = this.leaflet.latLngToContainerPoint(place);
    const free = this.leaflet.getSize().y - covered;
    if (y > free - 40) this.leaflet.panBy([0, y - free / 2], { animate: !stillness() });
  }

  // Shows all features at once, beside something that covers so many pixels at the left.
  fit(coveredLeft = 0) {
    const marks = [].concat(...[...this._layers.values()].map(({ byId }) => [...byId.values()]));
    const places = marks.filter((mark) => mark.getLatLng).map((mark) => mark.getLatLng());
    if (places.length) this.leaflet.fitBounds(places, { paddingTopLeft: [coveredLeft + 30, 30], paddingBottomRight: [60, 30], animate: false });
  }

  // After the element changed its size.
  refit() {
    this.leaflet.invalidateSize({ animate: false });
  }

  _mark(id) {
    for (const { byId } of this._layers.values()) if (byId.has(id)) return byId.get(id);
    return undefined;
  }

  _add(layer, feature) {
    const mark = feature.properties.kind === "extent" ? this._area(feature) : this._point(layer, feature);
    layer.byId.set(feature.id, mark);
    mark.bindTooltip(() => tooltip(feature, this.nameOf), { direction: "top", offset: [0, -RADIUS] });
    mark.addTo(layer.group);
    if (!mark.setFeature) return;
    stack(mark);
    mark.on("click", (event) => {
      L.DomEvent.stop(event);
      this.select(feature.id);
    });
  }

  _point(layer, feature) {
    const [lon, lat] = feature.geometry.coordinates;
    return new Mark([lat, lon], {
      renderer: this.renderer,
      radius: this.scale * (RADIUS + HALO),
      scale: this.scale,
      feature,
      layer,
      isSelected: () => this._selected === feature.id,
    });
  }

  _area(feature) {
    const { color, state } = feature.properties;
    const rings = feature.geometry.coordinates.map((ring) => ring.map(([lon, lat]) => [lat, lon]));
    return L.polygon(rings, {
      renderer: this.areas, color, weight: 2, fillOpacity: 0.35, dashArray: state === "stale" ? "4 4" : null,
    });
  }

  _redrawAll() {
    for (const { byId } of this._layers.values()) for (const mark of byId.values()) mark.redraw();
  }
}

// What matters lies on top: alerts, then anything that is not calm, then calm and grey marks.
function stack(mark) {
  const { feature, layer } = mark.options;
  if (layer.alerted(feature)) mark.bringToFront();
  else if (!(feature.properties.level > 0) && feature.properties.kind !== "citizen_report") mark.bringToBack();
}

// An element, because Leaflet takes a string for HTML.
function tooltip(feature, nameOf) {
  const depth = feature.properties.depth_cm;
  const element = document.createElement("span");
  element.textContent = depth === undefined ? nameOf(feature) : `${nameOf(feature)}: ${depth} cm`;
  return element;
}

const Mark = L.CircleMarker.extend({
  setFeature(feature) {
    this.options.feature = feature;
    this.redraw();
  },
  _updatePath() {
    if (!this._renderer._drawing || this._empty()) return;
    const { feature, layer, isSelected, scale } = this.options;
    draw(this._renderer._ctx, this._point, {
      shape: layer.shape,
      properties: feature.properties,
      text: this._map.getZoom() >= TEXT_FROM_ZOOM ? layer.text(feature) : "",
      selected: isSelected(),
      alerted: layer.alerted(feature),
      badges: layer.badges,
      small: this._map.getZoom() < 12,
      scale,
    });
  },
});

// A mark says its level by fill, number and the legend's word; what is stale, silent or faulty is grey, dashed
// and has a sign of its own, so that no meaning hangs on colour alone.
function draw(ctx, { x, y }, { shape, properties, text, selected, alerted, badges, small, scale }) {
  const radius = small ? 7 : RADIUS;
  const outline = css("--mark-outline");
  const grey = properties.level === null;
  ctx.save();
  ctx.translate(x, y);
  ctx.scale(scale, scale);
  if (selected || alerted) {
    path(ctx, shape, radius + 4);
    ctx.lineWidth = 3;
    ctx.strokeStyle = css(selected ? "--focus" : `--${alerted}`);
    ctx.stroke();
  }
  path(ctx, shape, radius);
  ctx.fillStyle = grey ? css("--mark-grey") : properties.color;
  ctx.globalAlpha = properties.state === "never" ? 0.35 : 1;
  ctx.fill();
  ctx.globalAlpha = 1;
  if (properties.kind === "citizen_report") hatch(ctx, shape, radius, outline);
  ctx.setLineDash(properties.state === "live" ? [] : [3, 2]);
  ctx.lineWidth = 1.5;
  ctx.strokeStyle = outline;
  ctx.stroke();
  const own = { stale: "–", fault: "!", never: "" }[properties.state];
  const sign = own === undefined ? text : own;
  if (sign && !small) write(ctx, sign, grey ? css("--mark-grey") : properties.color);
  if (properties.closed) noEntry(ctx, outline);
  if (alerted && badges) badge(ctx, alerted, outline);
  ctx.restore();
}

// The sign for no entry at the other shoulder: the place is closed, whatever its level.
function noEntry(ctx, outline) {
  ctx.save();
  ctx.translate(-9, -9);
  ctx.setLineDash([]);
  path(ctx, "circle", 6.5);
  ctx.fillStyle = NO_ENTRY;
  ctx.fill();
  ctx.lineWidth = 1;
  ctx.strokeStyle = outline;
  ctx.stroke();
  ctx.fillStyle = "#FFFFFF";
  ctx.fillRect(-4, -1.25, 8, 2.5);
  ctx.restore();
}

// What people said and no sensor: stripes, so that it is never taken for a measured level.
function hatch(ctx, shape, radius, outline) {
  ctx.save();
  ctx.clip();
  ctx.beginPath();
  for (let x = -3 * radius; x <= 3 * radius; x += 5) {
    ctx.moveTo(x - 2 * radius, 2 * radius);
    ctx.lineTo(x + 2 * radius, -2 * radius);
  }
  ctx.lineWidth = 1.5;
  ctx.strokeStyle = outline;
  ctx.stroke();
  ctx.restore();
  path(ctx, shape, radius);
}

const BADGES = { critical: "triangle", warning: "diamond", info: "circle" }; // as the signs ▲ ◆ ● of the list

// A sign at the mark's shoulder: an alert is firing here, and how bad it is.
function badge(ctx, severity, outline) {
  ctx.translate(9, -9);
  ctx.setLineDash([]);
  path(ctx, BADGES[severity], 6);
  ctx.fillStyle = css(`--${severity}`);
  ctx.fill();
  ctx.lineWidth = 1;
  ctx.strokeStyle = outline;
  ctx.stroke();
  ctx.translate(0, severity === "critical" ? 1 : 0);
  write(ctx, "!", css(`--${severity}`));
}

function write(ctx, text, background) {
  ctx.fillStyle = inkOn(background);
  ctx.font = `600 ${text.length > 2 ? 10 : 12}px ${css("--font")}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText(text, 0, 0.5);
}

const CORNERS = { triangle: 3, diamond: 4, square: 4, pentagon: 5, hexagon: 6 };
const TURN = { square: Math.PI / 4, hexagon: Math.PI / 6 };

// The outline of a shape around the origin, of about the area of a circle of that radius.
export function path(ctx, shape, radius) {
  ctx.beginPath();
  if (shape === "circle") ctx.arc(0, 0, radius, 0, 2 * Math.PI);
  else if (shape === "drop") drop(ctx, radius);
  else if (shape === "star") polygon(ctx, 10, (i) => (i % 2 ? radius * 0.6 : radius * 1.3), 0);
  else polygon(ctx, CORNERS[shape], () => radius * (shape === "triangle" ? 1.35 : 1.15), TURN[shape] || 0);
  ctx.closePath();
}

function polygon(ctx, corners, radiusOf, turn) {
  for (let i = 0; i < corners; i += 1) {
    const angle = turn - Math.PI / 2 + (2 * Math.PI * i) / corners;
    ctx.lineTo(Math.cos(angle) * radiusOf(i), Math.sin(angle) * radiusOf(i));
  }
}

function drop(ctx, radius) {
  ctx.moveTo(0, -1.45 * radius);
  ctx.bezierCurveTo(radius * 0.5, -radius * 0.8, radius, -radius * 0.3, radius, radius * 0.2);
  ctx.arc(0, radius * 0.2, radius, 0, Math.PI);
  ctx.bezierCurveTo(-radius, -radius * 0.3, -radius * 0.5, -radius * 0.8, 0, -1.45 * radius);
}

const stillness = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
