// The picture viewer of the dashboard. viewer.py says what a panel holds; here it is drawn, zoomed, hovered and marked.
// Positions: `pixel` is [column, row] of a picture; u, v in [0, 1] are places in a picture; a view {zoom, x, y} shows
// u at u * zoom + x of the frame, so that x lies in [1 - zoom, 0]. CSS does the moving, canvases are painted once.

const FURTHEST = 32; // zoom
const REST = 250; // ms; a wheel that was just scrolling the page goes on scrolling when a panel comes under it
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const viewers = new WeakMap(); // by root element

// Streamlit calls this when the data or the theme change, too, with the same parent. It runs the last clean-up when the
// viewer leaves the page, but also that of a call overtaken by a newer one: such a clean-up must not end the viewer.
export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".viewer");
  if (!viewers.has(root)) viewers.set(root, new Viewer(root));
  const viewer = viewers.get(root);
  const turn = viewer.update(data, setStateValue);
  return () => {
    if (turn !== viewer.turn) return;
    viewer.end();
    viewers.delete(root);
  };
}

class Viewer {
  constructor(root) {
    root.replaceChildren();
    this.root = root;
    this.grid = add(root, "div", "grid");
    this.tip = add(root, "div", "tip", { role: "status", hidden: "" }); // status: read out as the cursor moves
    this.panels = [];
    this.images = new Map(); // by address: what is shown now, decoded
    this.view = { zoom: 1, x: 0, y: 0 };
    this.turn = this.painted = 0;
    this.box = this.cursor = null; // cursor: {panel, u, v, keys}, keys: moved by them and not by the mouse
    this.scrolled = -REST;
    this.onScroll = () => (this.scrolled = performance.now());
    document.addEventListener("scroll", this.onScroll, { capture: true, passive: true });
    this.resized = new ResizeObserver(() => this.place());
    this.resized.observe(root);
  }

  end() {
    this.turn = -1; // what still decodes is not painted
    this.resized.disconnect();
    document.removeEventListener("scroll", this.onScroll, { capture: true });
  }

  update(data, setStateValue) {
    this.setStateValue = setStateValue;
    const turn = ++this.turn;
    this.load(data, turn);
    return turn;
  }

  // Everything changes at once when all is decoded; until then the old pictures stay.
  async load(data, turn) {
    const maps = (spec) => [spec.picture, spec.labels, spec.other, spec.other_labels, spec.truth];
    const wanted = new Set(data.panels.flatMap(maps).filter(Boolean));
    for (const address of wanted) if (!this.images.has(address)) this.images.set(address, decoded(address));
    const images = new Map();
    for (const address of wanted) images.set(address, await this.images.get(address));
    if (turn !== this.turn) return; // newer data will be painted instead
    for (const address of this.images.keys()) if (!wanted.has(address)) this.images.delete(address);

    Object.assign(this, { data, box: data.box });
    this.root.classList.toggle("drawing", data.drawing);
    this.grid.style.setProperty("--columns", data.columns);
    this.grid.style.setProperty("--columns-narrow", Math.min(2, data.columns));
    while (this.panels.length > data.panels.length) this.panels.pop().figure.remove();
    while (this.panels.length < data.panels.length) this.panels.push(new Panel(this));
    this.panels.forEach((panel, i) => panel.show(data.panels[i], maps(data.panels[i]).map((at) => images.get(at))));
    if (this.cursor && !this.panels.includes(this.cursor.panel)) this.cursor = null;
    this.place();
    this.root.dataset.ready = ++this.painted;
  }

  // Puts zoom, box, crosses and tooltip where they belong; cheap enough for every move.
  place() {
    for (const panel of this.panels) panel.place();
    const { cursor, tip } = this;
    const words = cursor ? cursor.panel.words(cursor) : [];
    tip.hidden = !words.length;
    if (tip.hidden) return;
    if (tip.textContent !== words[0]) tip.replaceChildren(words[0]); // unchanged, it is not read out again
    tip.style.setProperty("--swatch", words[1] ? `rgb(${words[1]})` : "transparent");
    const frame = cursor.panel.frame.getBoundingClientRect();
    const root = this.root.getBoundingClientRect();
    const [x, y] = cursor.panel.seen(cursor);
    const [left, top] = [frame.left - root.left + x * frame.width, frame.top - root.top + y * frame.height];
    tip.style.left = `${left}px`;
    tip.style.top = `${top}px`;
    tip.style.translate = `${left > root.width / 2 ? "calc(-100% - 12px)" : "12px"} calc(-100% - 10px)`;
  }

  point(cursor) {
    this.cursor = cursor;
    this.place();
  }

  // The box from one pixel to another, both inside.
  draw(from, to) {
    const [[left, right], [top, bottom]] = [0, 1].map((i) => [Math.min(from[i], to[i]), Math.max(from[i], to[i]) + 1]);
    this.box = [top, left, bottom, right];
  }

  // Tells Python the box; one too small to be meant gives way to the one before.
  tell(before) {
    const [top, left, bottom, right] = this.box;
    if (bottom - top < 2 || right - left < 2) this.box = before;
    else this.setStateValue("box", this.box);
  }
}

class Panel {
  constructor(viewer) {
    this.viewer = viewer;
    this.own = { zoom: 1, x: 0, y: 0 }; // where panels are not linked
    this.figure = add(viewer.grid, "figure", "panel");
    const head = add(this.figure, "div", "head");
    this.title = add(head, "span", "");
    this.otherTitle = add(head, "span", "");
    const keys = "Arrow keys move the cursor, plus and minus zoom, 0 shows all.";
    // "application": screen readers pass the arrow keys on
    this.frame = add(this.figure, "div", "frame", { tabindex: 0, role: "application", "aria-description": keys });
    this.canvases = ["side left", "side right"].map((name) =>
      add(add(this.frame, "div", name), "canvas", "", { role: "img" }));
    this.box = add(this.frame, "div", "box", { hidden: "" });
    this.cross = add(this.frame, "div", "cross", { hidden: "" });
    this.split = add(this.frame, "div", "split",
      { tabindex: 0, role: "slider", "aria-valuemin": 0, "aria-valuemax": 100, "aria-orientation": "horizontal" });
    this.remark = add(this.figure, "div", "remark");
    this.scale = add(this.figure, "div", "scale");
    this.divided = 50;
    this.painted = ["", ""];
    for (const [name, act] of Object.entries({
      pointerdown: this.down, pointermove: this.move, pointerup: this.up, pointercancel: this.cancel,
      pointerleave: this.leave, blur: this.leave, wheel: this.wheel, dblclick: this.reset, keydown: this.key,
    })) this.frame.addEventListener(name, act.bind(this), { passive: false });
    this.split.addEventListener("pointerdown", (event) => this.split.setPointerCapture(event.pointerId));
    this.split.addEventListener("pointermove", this.slide.bind(this));
    this.split.addEventListener("keydown", this.slideKey.bind(this));
    for (const name of ["pointerdown", "dblclick"]) // not the frame's: nothing pans or resets
      this.split.addEventListener(name, (event) => event.stopPropagation());
  }

  get view() {
    return this.viewer.data.linked ? this.viewer.view : this.own;
  }

  get size() {
    return [this.canvases[0].width, this.canvases[0].height];
  }

  show(spec, [picture, labels, other, otherLabels, truth]) {
    Object.assign(this, { spec, labels: [labels, otherLabels], truth });
    const before = Boolean(spec.other);
    const words = [spec.title, spec.other_title].filter(Boolean).join(" | ");
    this.figure.dataset.title = spec.title;
    this.title.textContent = spec.title;
    this.otherTitle.textContent = (before && spec.other_title) || "";
    this.remark.textContent = spec.remark || "";
    this.remark.hidden = !spec.remark;
    this.frame.setAttribute("aria-label", [words, spec.remark].filter(Boolean).join(": "));
    this.canvases[0].setAttribute("aria-label", spec.title);
    this.canvases[1].setAttribute("aria-label", spec.other_title || "");
    this.canvases[1].parentElement.hidden = this.split.hidden = !before;
    this.split.setAttribute("aria-label", `Divider, ${words.replace(" | ", " to its left, ")} to its right`);
    this.showScale(spec);
    this.paint(0, picture, labels);
    if (before) this.paint(1, other, otherLabels);
    this.frame.style.aspectRatio = `${this.size[0]} / ${this.size[1]}`;
    this.divide(this.divided);
  }

  // What the colours of a heat map mean.
  showScale({ values, remark }) {
    this.scale.hidden = !values;
    if (!values) return;
    this.scale.replaceChildren();
    add(this.scale, "span", "").textContent = "0";
    add(this.scale, "span", "ramp").style.backgroundImage = `url(${this.viewer.data.ramp})`;
    add(this.scale, "span", "").textContent = `${values.max}${values.unit}`;
    if (values.label !== remark) add(this.scale, "span", "").textContent = values.label;
  }

  // The same as lab.draw.overlay: labels without a colour (void) leave the picture as it is.
  paint(side, picture, labels) {
    const { opacity, palette } = this.viewer.data;
    const asked = [picture, labels, labels && opacity, labels && String(palette)];
    if (!picture || asked.every((part, i) => part === this.painted[side][i])) return;
    this.painted[side] = asked;
    const mixed = new ImageData(new Uint8ClampedArray(picture.data), picture.width);
    if (labels?.data.length === picture.data.length)
      for (let at = 0; at < mixed.data.length; at += 4) {
        const colour = palette[labels.data[at]];
        if (!colour) continue;
        for (let c = 0; c < 3; c++) mixed.data[at + c] = (1 - opacity) * picture.data[at + c] + opacity * colour[c];
      }
    const canvas = this.canvases[side];
    if (canvas.width !== picture.width) canvas.width = picture.width; // setting it clears the canvas: a flicker
    if (canvas.height !== picture.height) canvas.height = picture.height;
    canvas.getContext("2d").putImageData(mixed, 0, 0);
  }

  place() {
    const { frame, view, size, viewer } = this;
    const { box, cursor } = viewer;
    set(frame, { z: view.zoom, x: view.x, y: view.y });
    frame.classList.toggle("zoomed", view.zoom > 1);
    frame.classList.toggle("shrunk", frame.clientWidth * devicePixelRatio * view.zoom < size[0]);
    this.box.hidden = !box;
    if (box) {
      const [top, left, bottom, right] = box.map((edge, i) => edge / size[(i + 1) % 2]);
      set(this.box, { top, left, width: right - left, height: bottom - top });
    }
    this.cross.hidden = !cursor || (cursor.panel === this && !cursor.keys); // the mouse has its own pointer
    if (cursor) set(this.cross, { u: cursor.u, v: cursor.v });
  }

  // Where in the frame, in [0, 1], a place of the picture is seen.
  seen({ u, v }) {
    return [u * this.view.zoom + this.view.x, v * this.view.zoom + this.view.y];
  }

  // What the tooltip says of a place, and the colour of the class seen there.
  words(cursor) {
    const right = this.spec.other && this.seen(cursor)[0] * 100 >= this.divided ? 1 : 0;
    const { classes, palette } = this.viewer.data;
    const seen = this.labels[right], { truth } = this;
    if (this.spec.values || !(seen || truth)) return [];
    const at = ({ data, width, height }) =>
      data[4 * (Math.floor(cursor.v * height) * width + Math.floor(cursor.u * width))];
    const name = (map) => classes[at(map)] ?? "not labelled";
    const both = seen && truth && name(seen) !== name(truth);
    return [both ? `seen: ${name(seen)}, truly: ${name(truth)}` : name(seen ?? truth), palette[at(seen ?? truth)]];
  }

  // The pixel below the mouse, or the nearest one.
  pixel(event) {
    const frame = this.frame.getBoundingClientRect(), { view, size } = this;
    const u = ((event.clientX - frame.left) / frame.width - view.x) / view.zoom;
    const v = ((event.clientY - frame.top) / frame.height - view.y) / view.zoom;
    return [clamp(Math.floor(u * size[0]), 0, size[0] - 1), clamp(Math.floor(v * size[1]), 0, size[1] - 1)];
  }

  point([column, row], keys) {
    const [width, height] = this.size;
    this.viewer.point({ panel: this, u: (column + 0.5) / width, v: (row + 0.5) / height, keys });
  }

  // Zooms so that what is at p, q of the frame stays there; false where nothing changed.
  zoom(factor, p, q) {
    const { view } = this, before = view.zoom;
    const zoom = clamp(before * factor, 1, FURTHEST);
    view.zoom = zoom < 1.01 ? 1 : zoom;
    this.pan(p - ((p - view.x) * view.zoom) / before, q - ((q - view.y) * view.zoom) / before);
    return view.zoom !== before;
  }

  pan(x, y) {
    const { view } = this;
    view.x = clamp(x, 1 - view.zoom, 0);
    view.y = clamp(y, 1 - view.zoom, 0);
    this.viewer.place();
  }

  reset() {
    this.zoom(1 / FURTHEST, 0, 0);
  }

  down(event) {
    if (event.button) return;
    const { view } = this, draws = this.viewer.data.drawing && !event.shiftKey; // shift: pan even now
    if (!draws && view.zoom === 1) return;
    this.frame.setPointerCapture(event.pointerId);
    this.drag = draws
      ? { from: this.pixel(event), before: this.viewer.box }
      : { x: view.x - event.clientX / this.frame.clientWidth, y: view.y - event.clientY / this.frame.clientHeight };
  }

  move(event) {
    const { drag, frame } = this;
    if (drag?.from) this.viewer.draw(drag.from, this.pixel(event));
    else if (drag) this.pan(drag.x + event.clientX / frame.clientWidth, drag.y + event.clientY / frame.clientHeight);
    if (event.target !== this.split) this.point(this.pixel(event), false);
  }

  up(event) {
    const { drag, viewer } = this;
    this.drag = null;
    if (drag?.from) {
      viewer.draw(drag.from, this.pixel(event));
      viewer.tell(drag.before);
    }
    this.viewer.place();
  }

  cancel() {
    if (this.drag?.from) this.viewer.box = this.drag.before;
    this.drag = null;
    this.viewer.place();
  }

  leave() {
    if (this.viewer.cursor?.panel === this && !this.drag) this.viewer.point(null);
  }

  wheel(event) {
    const resting = performance.now() - this.viewer.scrolled > REST;
    if (!resting && !event.ctrlKey) return; // ctrl: two fingers on a touch pad
    const frame = this.frame.getBoundingClientRect(), lines = event.deltaMode ? 20 : 1;
    const factor = Math.exp(-clamp(event.deltaY * lines, -200, 200) * (event.ctrlKey ? 0.01 : 0.002));
    const [p, q] = [(event.clientX - frame.left) / frame.width, (event.clientY - frame.top) / frame.height];
    // All the way out, the page may scroll.
    if (this.zoom(factor, p, q) || this.view.zoom > 1 || event.ctrlKey) event.preventDefault();
    if (event.target !== this.split) this.point(this.pixel(event), false);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { view, size } = this;
    const cursor = this.viewer.cursor ?? { u: (0.5 - view.x) / view.zoom, v: (0.5 - view.y) / view.zoom };
    const [p, q] = this.seen(cursor);
    const pixel = [Math.floor(cursor.u * size[0]), Math.floor(cursor.v * size[1])];
    if (event.key in ARROWS) this.step(pixel, ARROWS[event.key], event.shiftKey);
    else if ("+=".includes(event.key)) this.zoom(1.5, p, q);
    else if (event.key === "-") this.zoom(1 / 1.5, p, q);
    else if (event.key === "0") this.reset();
    else if (event.key === "Escape") this.cancel();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // One step is a 64th of what is seen, with shift one pixel; the view follows the cursor.
  step(pixel, direction, small) {
    const { view, size } = this;
    const length = small ? 1 : Math.max(1, Math.round(size[0] / view.zoom / 64));
    const next = pixel.map((at, i) => clamp(at + direction[i] * length, 0, size[i] - 1));
    const [u, v] = next.map((at, i) => (at + 0.5) / size[i]);
    const inside = (x, u) => clamp(x, 0.05 - u * view.zoom, 0.95 - u * view.zoom);
    this.pan(inside(view.x, u), inside(view.y, v));
    this.point(next, true);
  }

  divide(percent) {
    this.divided = clamp(percent, 0, 100);
    set(this.frame, { split: this.divided });
    const shown = Math.round(this.divided);
    this.split.setAttribute("aria-valuenow", shown);
    this.split.setAttribute("aria-valuetext", `${shown} % ${this.spec.title}`);
  }

  slide(event) {
    if (!this.split.hasPointerCapture(event.pointerId)) return;
    const frame = this.frame.getBoundingClientRect();
    this.divide(((event.clientX - frame.left) / frame.width) * 100);
  }

  slideKey(event) {
    const far = event.shiftKey ? 10 : 2, at = this.divided;
    const to = { ArrowLeft: at - far, ArrowDown: at - far, ArrowRight: at + far, ArrowUp: at + far,
      PageDown: at - 10, PageUp: at + 10, Home: 0, End: 100 }[event.key];
    if (to === undefined) return; // the panel's own keys
    this.divide(to);
    event.preventDefault();
    event.stopPropagation();
  }
}

// The pixels of a PNG. Not fetched: a strict content policy would forbid even that of a data address.
async function decoded(address) {
  try {
    const bytes = Uint8Array.from(atob(address.split(",")[1]), (letter) => letter.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }), { colorSpaceConversion: "none" });
    const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    image.close();
    return context.getImageData(0, 0, canvas.width, canvas.height);
  } catch (error) {
    console.warn("This picture cannot be decoded:", address.slice(0, 80), error);
  }
}

function add(parent, tag, name, attributes = {}) {
  const element = document.createElement(tag);
  element.className = name;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return parent.appendChild(element);
}

function set(element, variables) {
  for (const [name, value] of Object.entries(variables)) element.style.setProperty(`--${name}`, value);
}

function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}
