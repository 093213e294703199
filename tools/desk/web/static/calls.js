// The open calls: one card each, the oldest that nobody has on top.

import { Cards, ago, byId, clock, el, write } from "./dom.js";

const KINDS = { button: "button", cord: "pull cord", pendant: "pendant" };
const STATES = { open: "Nobody has it", answered: "Answered", clearing: "Being cleared" };

/** Where and by what, as "bathroom (pull cord), hall (button)". */
export function places(call) {
  const words = call.inputs.map((input) => {
    const what = input.cause === "activated" ? KINDS[input.kind] || input.kind : `${KINDS[input.kind] || input.kind}, line fault`;
    return `${input.location || input.input} (${what})`;
  });
  return [...new Set(words)].join(", ");
}

export function holder(call) {
  const held = call.held_by;
  return held ? `${held.who} (${held.party}), since ${clock(held.since)}` : "";
}

const holderIsDesk = (call) => Boolean(call.held_by && call.held_by.party === "test");

export class Calls {
  /** `acts`: functions answer, answerAndTalk, talk, release and clear, each of a call; `me()`: {name, party}; `speaks(call)`: a session runs. */
  constructor(acts, me, speaks) {
    this.acts = acts;
    this.me = me;
    this.speaks = speaks;
    this.all = new Map(); // n -> call view, none of them closed
    this.cards = new Cards(byId("calls"), (n) => this.make(n));
  }

  set(calls) {
    this.all = new Map(calls.filter((call) => call.state !== "closed").map((call) => [call.n, call]));
    this.show();
  }

  /** Takes a view from an event; says what is worth an announcement, or "". */
  take(call) {
    const before = this.all.get(call.n);
    if (call.state === "closed") this.all.delete(call.n);
    else this.all.set(call.n, { ...before, ...call });
    this.show();
    if (!before && call.test) return `Test call from ${call.label}: ${places(call)}`;
    if (!before && call.state === "open") return `Call from ${call.label}: ${places(call)}`;
    if (before && before.triggers < call.triggers) return `Activated again: ${call.label}, ${places(call)}`;
    if (before && before.state !== call.state) return `${call.label}: ${STATES[call.state] || "closed"}`;
    return "";
  }

  /** Calls that nobody has, and that somebody must take. */
  unheld() {
    return [...this.all.values()].filter((call) => call.state === "open" && !call.test);
  }

  /** Calls that ring for `party`. */
  ringing(party) {
    return this.unheld().filter((call) => call.ringing.includes(party));
  }

  show() {
    const order = { open: 0, answered: 1, clearing: 2 };
    const calls = [...this.all.values()].sort((a, b) => order[a.state] - order[b.state] || a.n - b.n);
    this.cards.show(calls, (call) => call.n);
    byId("no-calls").hidden = calls.length > 0;
    write(byId("call-count"), calls.length ? `(${calls.length})` : "");
  }

  /** Once a second: only the ages change. */
  tick() {
    for (const [n, card] of this.cards.cards) card.age(this.all.get(n));
  }

  make(n) {
    const title = el("h3", {});
    const parts = { state: el("p", { className: "state" }), room: el("p", { className: "room" }), age: el("p", {}), note: el("p", {}) };
    const act = (name) => () => this.acts[name](this.all.get(n));
    const button = (text, name, main) => el("button", { type: "button", className: main ? "main" : "", onclick: act(name) }, text);
    const buttons = {
      both: button("Answer and talk", "answerAndTalk", true), answer: button("Answer only", "answer"), talk: button("Talk", "talk", true),
      clear: button("Clear …", "clear"), release: button("Give back", "release"), over: button("Take over and talk", "answerAndTalk"),
    };
    const row = el("div", { className: "buttons" }, ...Object.values(buttons));
    const node = el("li", { className: "card" }, title, parts.room, parts.state, parts.age, parts.note, row);
    const age = (call) => write(parts.age, this.ageOf(call));
    return { node, age, update: (call) => this.update(call, node, title, parts, buttons) };
  }

  ageOf(call) {
    const again = call.raised_again ? `, raised again ${call.raised_again} times` : "";
    const times = call.triggers > 1 ? `, activated ${call.triggers} times` : "";
    return `Raised ${clock(call.raised_at)}${call.raised_at_known ? "" : " or before"}, ${ago(call.raised_at)} ago${times}${again}`;
  }

  update(call, node, title, parts, buttons) {
    node.className = `card ${call.state}`;
    write(title, call.label);
    write(parts.room, places(call));
    write(parts.state, this.stateOf(call));
    write(parts.age, this.ageOf(call));
    const silent = call.unit_status === "silent" ? "The unit does not answer at the moment: go and look. " : "";
    write(parts.note, silent + call.note);
    for (const one of Object.values(buttons)) one.setAttribute("aria-label", `${one.textContent}: ${call.label}`);
    this.offer(call, buttons);
  }

  stateOf(call) {
    if (call.test && (call.state === "open" || holderIsDesk(call))) return "A test: nobody is rung. The desk ends it by itself.";
    if (call.state === "open") return `Nobody has it. Rings at: ${call.ringing.join(" and ") || "nobody"}`;
    if (call.state === "clearing") return "Being cleared: waiting for the unit's word";
    return `With ${holder(call)}${call.confirmed ? "" : " (the unit has not confirmed yet)"}`;
  }

  offer(call, buttons) {
    const focused = document.activeElement;
    this.choose(call, buttons);
    if (!Object.values(buttons).includes(focused) || !focused.hidden) return;
    const next = Object.values(buttons).find((one) => !one.hidden); // what the keyboard was on has gone
    (next || byId("calls")).focus();
  }

  choose(call, buttons) {
    const mine = call.held_by && call.held_by.who === this.me().name;
    const held = call.state === "answered";
    buttons.both.hidden = buttons.answer.hidden = call.state !== "open";
    buttons.talk.hidden = !(held && mine) || this.speaks(call);
    buttons.clear.hidden = !held;
    buttons.release.hidden = !(held && mine);
    buttons.over.hidden = !held || mine;
  }
}
