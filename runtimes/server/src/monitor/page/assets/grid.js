// A table of any length that keeps in the document only the rows one sees.
//
// For assistive technology it is a grid with its true number of rows; the keyboard moves a current
// row (`aria-activedescendant`), Enter opens it.

import { h, perFrame, put, say } from "./dom.js";

const ROW = 28;
/** Rows kept above and below what one sees. */
const SPARE = 8;
let grids = 0;

/**
 * `columns`: `{title, width, name, text(item) | mark(item) + node(item)}`; `source`: `{count(), at(index), key(item),
 * indexOf(key)}` where `at` may answer `undefined` for a row that is being fetched; `onOpen(item)`, `onCurrent(item)`,
 * `onScroll(moved)`.
 */
export class Grid {
  #columns;
  #source;
  #hooks;
  #id = `grid${(grids += 1)}`;
  #body;
  #rows = new Map();
  #current = null;
  #top = 0;
  #draw = perFrame(() => this.#paint());
  #watcher = new ResizeObserver(() => this.#draw());

  constructor({ label, columns, source, empty = "nothing to show", onOpen, onCurrent, onScroll }) {
    this.#columns = columns;
    this.#source = source;
    this.#hooks = { onOpen, onCurrent, onScroll };
    const template = columns.map((column) => column.width).join(" ");
    this.#body = h("div", { class: "grid-body", role: "rowgroup" });
    this.empty = h("p", { class: "grid-empty quiet", hidden: true }, empty);
    this.table = h("div", {
      class: "grid", role: "grid", tabindex: 0, "aria-label": label, "aria-readonly": "true", style: { "--columns": template, "--row": `${ROW}px` },
      onkeydown: (event) => this.#key(event),
      onscroll: () => this.#scrolled(),
      onclick: (event) => this.#click(event, false),
      ondblclick: (event) => this.#click(event, true),
    },
    h("div", { class: "grid-head", role: "rowgroup" }, h("div", { class: "grid-row", role: "row", "aria-rowindex": 1 },
      columns.map((column) => h("span", { role: "columnheader", class: column.name }, column.title)))),
    this.#body);
    this.node = h("div", { class: "grid-frame" }, this.table, this.empty);
    this.#watcher.observe(this.table);
  }

  close() {
    this.#watcher.disconnect();
  }

  /** The rows have changed. */
  refresh() {
    this.#draw();
  }

  /** The current row's item, if there is one. */
  get current() {
    const index = this.#index();
    return index < 0 ? undefined : this.#source.at(index);
  }

  /** Makes the row with this key the current one, without moving the view. */
  choose(key) {
    this.#current = key;
    this.#draw();
  }

  get atEnd() {
    return this.table.scrollTop + this.table.clientHeight >= this.table.scrollHeight - ROW;
  }

  toEnd() {
    this.#size();
    this.table.scrollTop = this.table.scrollHeight;
    this.#top = this.table.scrollTop;
    this.#draw();
  }

  toStart() {
    this.table.scrollTop = 0;
    this.#draw();
  }

  /** `rows` rows came in above (or went, if negative): what one sees stays where it is. */
  shift(rows) {
    this.#size();
    this.table.scrollTop += rows * ROW;
    this.#top = this.table.scrollTop;
    this.#draw();
  }

  #index() {
    return this.#current === null ? -1 : this.#source.indexOf(this.#current);
  }

  #scrolled() {
    const moved = this.table.scrollTop - this.#top;
    this.#top = this.table.scrollTop;
    if (moved !== 0) this.#hooks.onScroll?.(moved);
    this.#draw();
  }

  #size() {
    const count = this.#source.count();
    this.#body.style.height = `${count * ROW}px`;
    return count;
  }

  #paint() {
    if (!this.table.isConnected) return;
    const count = this.#size();
    this.empty.hidden = count > 0;
    this.table.setAttribute("aria-rowcount", String(count + 1));
    const first = Math.max(0, Math.floor(this.table.scrollTop / ROW) - SPARE);
    const last = Math.min(count, Math.ceil((this.table.scrollTop + this.table.clientHeight) / ROW) + SPARE);
    const current = this.#index();
    const free = [];
    for (const [index, row] of this.#rows) {
      if (index < first || index >= last) {
        free.push(row);
        this.#rows.delete(index);
      }
    }
    for (let index = first; index < last; index += 1) {
      let row = this.#rows.get(index);
      if (row === undefined) {
        row = free.pop() ?? this.#make();
        this.#rows.set(index, row);
        row.style.transform = `translateY(${index * ROW}px)`;
        row.setAttribute("aria-rowindex", String(index + 2));
        row.id = `${this.#id}-${index}`;
        row.classList.toggle("odd", index % 2 === 1);
      }
      this.#fill(row, this.#source.at(index), index === current);
    }
    for (const row of free) row.remove();
    if (current >= first && current < last) this.table.setAttribute("aria-activedescendant", `${this.#id}-${current}`);
    else this.table.removeAttribute("aria-activedescendant");
  }

  #make() {
    const row = h("div", { class: "grid-row", role: "row" },
      this.#columns.map((column) => h("span", { role: "gridcell", class: column.name })));
    this.#body.append(row);
    return row;
  }

  #fill(row, item, current) {
    row.classList.toggle("current", current);
    row.classList.toggle("fetching", item === undefined);
    if (current) row.setAttribute("aria-selected", "true");
    else row.removeAttribute("aria-selected");
    let cell = row.firstElementChild;
    for (const column of this.#columns) {
      if (column.node === undefined) say(cell, item === undefined ? "" : column.text(item));
      else if (item === undefined) put(cell, "", () => "");
      else put(cell, `=${column.mark(item)}`, () => column.node(item));
      cell = cell.nextElementSibling;
    }
  }

  #click(event, open) {
    const row = event.target.closest(".grid-row");
    if (row === null || row.parentElement !== this.#body || getSelection()?.type === "Range") return;
    for (const [index, node] of this.#rows) if (node === row) this.#move(index, false);
    if (open || this.#hooks.openOnClick) this.#open();
  }

  #open() {
    const item = this.current;
    if (item !== undefined) this.#hooks.onOpen?.(item);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.table.clientHeight / ROW) - 2);
    const end = this.#source.count() - 1;
    const here = this.#index();
    const from = here < 0 ? Math.floor(this.table.scrollTop / ROW) - 1 : here;
    const target = {
      ArrowDown: from + 1, ArrowUp: from - 1, PageDown: from + page, PageUp: from - page, Home: 0, End: end,
    }[event.key];
    if (target !== undefined) {
      event.preventDefault();
      if (end >= 0) this.#move(Math.min(end, Math.max(0, target)), true);
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.#open();
    }
  }

  #move(index, scroll) {
    const item = this.#source.at(index);
    this.#current = item === undefined ? this.#source.keyAt?.(index) ?? null : this.#source.key(item);
    if (scroll) {
      const top = index * ROW;
      const head = this.#body.offsetTop;
      const room = this.table.clientHeight - head - ROW;
      if (top < this.table.scrollTop) this.table.scrollTop = top;
      else if (top > this.table.scrollTop + room) this.table.scrollTop = top - room;
    }
    this.#hooks.onCurrent?.(item);
    this.#draw();
  }
}
