// Small means to build and update the page. Text from the network only ever becomes textContent.

export const byId = (id) => document.getElementById(id);

/** An element: `props` are properties, `data-`/`aria-` and `role` attributes; `on` prefixed ones listeners. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (/^(data-|aria-|role$|for$|colspan$)/.test(name)) node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children);
  return node;
}

/** Sets text only where it changes: a screen reader then has nothing new to say. */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** A list whose items keep their nodes, so that the focus stays on a button while its call changes. */
export class Cards {
  constructor(list, make) {
    this.list = list;
    this.make = make; // key -> {node, update(item)}
    this.cards = new Map();
  }

  show(items, keyOf) {
    const wanted = new Map(items.map((item) => [keyOf(item), item]));
    for (const [key, card] of this.cards) {
      if (!wanted.has(key)) this.remove(key, card);
    }
    let place = 0;
    for (const [key, item] of wanted) {
      if (!this.cards.has(key)) this.cards.set(key, this.make(key));
      const card = this.cards.get(key);
      card.update(item);
      if (this.list.children[place] !== card.node) this.list.insertBefore(card.node, this.list.children[place] || null);
      place++;
    }
  }

  remove(key, card) {
    if (card.node.contains(document.activeElement)) this.list.focus();
    card.node.remove();
    this.cards.delete(key);
  }
}

/** A table with a heading row, cells of text or a node; on a narrow screen each cell names its column. */
export function table(heads, rows) {
  const head = el("tr", {}, ...heads.map((text) => el("th", { scope: "col" }, text)));
  const body = rows.map((row) => el("tr", {}, ...row.map((text, i) => el("td", { "data-head": heads[i] }, text instanceof Node ? text : String(text)))));
  return el("table", {}, el("thead", {}, head), el("tbody", {}, ...body));
}

export function clock(at_s) {
  return at_s ? new Date(at_s * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }) : "-";
}

export function moment(at_s) {
  return at_s ? `${new Date(at_s * 1000).toLocaleDateString()} ${clock(at_s)}` : "-";
}

/** How long ago, in words that a tired person takes in at once. */
export function ago(at_s, now_s = Date.now() / 1000) {
  const s = Math.max(0, Math.round(now_s - at_s));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}
