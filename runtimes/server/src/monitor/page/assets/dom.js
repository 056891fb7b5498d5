// Building and changing the document. Text is always text: nothing here parses HTML.

const SVG = "http://www.w3.org/2000/svg";

function dress(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, to] of Object.entries(value)) node.style.setProperty(key, to);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** An element: `h("p", {class: "quiet", onclick: f}, "text", child)`. */
export const h = (tag, attributes, ...children) => dress(document.createElement(tag), attributes, children);

/** The same in SVG. */
export const s = (tag, attributes, ...children) => dress(document.createElementNS(SVG, tag), attributes, children);

/** Sets a node's text if it differs: what an operator has selected to copy stays selected. */
export function say(node, text) {
  const words = text ?? "";
  if (node.textContent !== words) node.textContent = words;
  return node;
}

/** Puts `child` in place of what `node` holds, if `mark` (all that the child shows) differs from the last one. */
export function put(node, mark, child) {
  if (node.dataset.mark === mark) return;
  node.dataset.mark = mark;
  node.replaceChildren(child());
}

/**
 * Makes `parent` hold one child per item, in order; children of items that stay are kept.
 * `make(item)` builds one, `update(node, item)` fills it.
 */
export function keyed(parent, items, key, make, update) {
  const old = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    const node = old.get(name) ?? make(item);
    node.dataset.key = name;
    old.delete(name);
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
    update(node, item);
  }
  for (const node of old.values()) node.remove();
}

/** Calls `work` once per frame, however often it is asked to. */
export function perFrame(work) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      work();
    });
  };
}

/** Calls `work` when nobody has asked for `ms` milliseconds. */
export function settled(ms, work) {
  let timer;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(work, ms, ...args);
  };
}
