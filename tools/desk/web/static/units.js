// The flats: is the unit there, what is wrong with it, and calls to the flat.

import { Cards, byId, clock, el, write } from "./dom.js";

const STATES = { online: "On line", silent: "Does not answer", unheard: "Not heard yet" };
const REASONS = { will: "the link broke", no_reply: "no reply", never_heard: "never heard", no_broker: "the desk has no broker" };

/** Of a unit's or call's view, or of an event; entries of a log have it already. */
export const addressOf = (place) => (place.scheme ? `${place.scheme}/${place.flat}/${place.unit}` : place.unit);

export class Units {
  /** `acts`: functions intercom(unit), welfare(unit), query(unit), test(unit). */
  constructor(acts) {
    this.acts = acts;
    this.all = new Map();
    this.cards = new Cards(byId("units"), (address) => this.make(address));
  }

  set(units) {
    this.all = new Map(units.map((unit) => [addressOf(unit), unit]));
    this.show();
  }

  /** Takes a view from an event; says what is worth an announcement, or "". */
  take(unit) {
    const before = this.all.get(addressOf(unit));
    this.all.set(addressOf(unit), unit);
    this.show();
    if (before && before.status !== unit.status) return `${unit.label}: ${STATES[unit.status] || unit.status}`;
    const fresh = before ? unit.faults.filter((fault) => !before.faults.includes(fault)) : [];
    return fresh.length ? `${unit.label}: fault ${fresh.join(", ")}` : "";
  }

  show() {
    this.cards.show([...this.all.values()], addressOf);
  }

  make(address) {
    const title = el("h3", {});
    const state = el("p", { className: "state" });
    const faults = el("p", {});
    const button = (text, name) => el("button", { type: "button", onclick: () => this.acts[name](this.all.get(address)) }, text);
    const buttons = [button("Call the flat", "intercom"), button("Welfare call", "welfare"), button("Ask for a report", "query"), button("Start a test …", "test")];
    const node = el("li", {}, title, state, faults, el("div", { className: "buttons" }, ...buttons));
    return { node, update: (unit) => this.update(unit, { node, title, state, faults, buttons }) };
  }

  update(unit, { node, title, state, faults, buttons }) {
    node.className = `card ${unit.status}`;
    write(title, unit.label);
    const why = unit.reason ? ` (${REASONS[unit.reason] || unit.reason})` : "";
    const overdue = unit.health_overdue ? ", its report is overdue" : "";
    write(state, `${STATES[unit.status] || unit.status}${why}${overdue}. Last heard ${clock(unit.heard_at)}`);
    write(faults, unit.faults.length ? `Faults: ${unit.faults.join(", ")}` : "No fault known");
    for (const one of buttons) one.setAttribute("aria-label", `${one.textContent}: ${unit.label}`);
  }
}
