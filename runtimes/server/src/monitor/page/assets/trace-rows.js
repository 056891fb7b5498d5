// The messages of the live trace as rows of a table: fetched in pages, kept within bounds.

import { ask } from "./api.js";

const PAGE = 1000;
/** What the server keeps, and what a filtered list may hold here. */
const MOST = 100_000;
/** Pages kept of the whole trace; further ones are fetched again. */
const PAGES = 130;

const byNumber = (a, b) => a.n - b.n;

/**
 * The whole trace. Its rows are numbered without gaps, so every row has its place before it is
 * fetched: the scroll bar is true for 100,000 rows although only what one looks at is read.
 */
export class Whole {
  first = 1;
  last = 0;
  #pages = new Map();
  #asked = new Map();
  #changed;
  #gone = new AbortController();

  constructor(changed) {
    this.#changed = changed;
  }

  async start() {
    const { rows, first, last } = await ask("/api/trace", { limit: PAGE }, this.#gone.signal);
    this.#keep(rows);
    this.first = first ?? rows[0]?.n ?? 1;
    this.last = Math.max(last ?? 0, this.last);
    this.#changed(0);
  }

  close() {
    this.#gone.abort();
  }

  count() {
    return Math.max(0, this.last - this.first + 1);
  }

  keyAt(index) {
    return this.first + index;
  }

  key(row) {
    return row.n;
  }

  indexOf(n) {
    return n >= this.first && n <= this.last ? n - this.first : -1;
  }

  at(index) {
    const n = this.first + index;
    const page = Math.floor(n / PAGE);
    const row = this.#pages.get(page)?.[n % PAGE];
    if (row === undefined && !this.#asked.has(page)) this.#fetch(page);
    return row;
  }

  append(rows) {
    this.#keep(rows);
    if (rows.length > 0) this.last = Math.max(this.last, rows[rows.length - 1].n);
    this.#changed(0);
  }

  /** Forgets what the server no longer keeps; not while somebody reads it. */
  prune() {
    const first = Math.max(this.first, this.last - MOST + 1);
    if (first === this.first) return;
    this.first = first;
    for (const page of this.#pages.keys()) if ((page + 1) * PAGE <= first) this.#pages.delete(page);
    this.#changed(0);
  }

  #keep(rows) {
    for (const row of rows) {
      const page = Math.floor(row.n / PAGE);
      let kept = this.#pages.get(page);
      if (kept === undefined) this.#pages.set(page, kept = new Array(PAGE));
      kept[row.n % PAGE] = row;
      if (row.n > this.last) this.last = row.n;
    }
    while (this.#pages.size > PAGES) this.#pages.delete(this.#pages.keys().next().value);
  }

  #fetch(page) {
    const timer = setTimeout(async () => {
      try {
        const { rows } = await ask("/api/trace", { after: page * PAGE - 1, before: (page + 1) * PAGE, limit: PAGE }, this.#gone.signal);
        this.#keep(rows);
        this.#changed(0);
      } catch {
        // Asked again when the row is looked at again.
      }
      // A row that is not there now is not asked for each frame.
      setTimeout(() => this.#asked.delete(page), 2000);
    }, 0);
    this.#asked.set(page, timer);
  }
}

/** The messages that match a filter: the newest first read, older ones when one scrolls to them. */
export class Found {
  #rows = [];
  #query;
  #changed;
  #gone = new AbortController();
  #reading = false;
  /** Whether there may be older ones. */
  more = true;

  constructor(query, changed) {
    this.#query = query;
    this.#changed = changed;
  }

  start() {
    return this.#older();
  }

  close() {
    this.#gone.abort();
  }

  count() {
    return this.#rows.length;
  }

  key(row) {
    return row.n;
  }

  indexOf(n) {
    let [low, high] = [0, this.#rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#rows[middle].n < n) low = middle + 1;
      else high = middle;
    }
    return this.#rows[low]?.n === n ? low : -1;
  }

  at(index) {
    if (index < 50 && this.more && !this.#reading) this.#older().catch(() => {});
    return this.#rows[index];
  }

  append(rows) {
    const newest = this.#rows.at(-1)?.n ?? 0;
    for (const row of rows) if (row.n > newest) this.#rows.push(row);
    this.#changed(0);
  }

  prune() {
    const surplus = this.#rows.length - MOST;
    if (surplus <= 0) return;
    this.#rows.splice(0, surplus);
    this.#changed(-surplus);
  }

  async #older() {
    this.#reading = true;
    try {
      const before = this.#rows[0]?.n;
      const { rows, first } = await ask("/api/trace", { ...this.#query, before, limit: PAGE }, this.#gone.signal);
      const older = rows.filter((row) => before === undefined || row.n < before).sort(byNumber);
      const top = older[0]?.n ?? before ?? 0;
      this.more = older.length > 0 && top > (first ?? 1) && this.#rows.length + older.length < MOST;
      const newest = older.at(-1)?.n ?? 0;
      this.#rows = older.concat(before === undefined ? this.#rows.filter((row) => row.n > newest) : this.#rows);
      this.#changed(before === undefined ? 0 : older.length);
    } finally {
      this.#reading = false;
    }
  }
}
