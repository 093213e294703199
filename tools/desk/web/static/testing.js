// Engineers' tests: the step now, what is left, the answers, the verdict; and which flats are to be tested.

import { Cards, byId, el, table, write } from "./dom.js";
import { DUE, REFUSALS, doneWords, isQuestion, resultWords, stepWords } from "./testing_words.js";
import { addressOf } from "./units.js";

const DONE = { start: "The test begins", answer: "Answered", skip: "Left out", stop: "The test ends" };
const SHOWN_DUE = 6;

export class Tests {
  /** `line`: Line; `me()`: {name}; `roomOf(address, input)`; `attempt(work)`: runs it, and says what the desk refuses. */
  constructor(line, me, roomOf, attempt) {
    Object.assign(this, { line, me, roomOf, attempt });
    this.all = new Map(); // address -> test view
    this.cards = new Cards(byId("tests"), (address) => this.make(address));
    this.asked = null; // {address, step} of the dialog that is open
    byId("start-test").querySelector("form").addEventListener("submit", (event) => this.startNow(event));
    byId("skip-step").querySelector("form").addEventListener("submit", (event) => this.skipNow(event));
    byId("stop-test").querySelector("form").addEventListener("submit", (event) => this.stopNow(event));
  }

  async refresh() {
    const [{ tests }, { due }] = await Promise.all([this.line.request("tests"), this.line.request("tests_due")]);
    this.all = new Map(tests.map((view) => [addressOf(view), view]));
    this.show();
    this.showDue(due);
  }

  /** A test goes on; what is worth an announcement, or "". */
  take(view) {
    const before = this.all.get(addressOf(view));
    this.all.set(addressOf(view), view);
    this.show();
    if (view.state === "ended") return before && before.state === "ended" ? "" : `${view.label}: the test has ended, ${view.verdict}`;
    if (view.state === "paused") return `${view.label}: the test waits, a real call is open`;
    return view.last ? `${view.label}: ${doneWords(view.last[0])} ${resultWords(view.last)}` : "";
  }

  /** What became of a command: {alarm} for what somebody must read, {say} for the rest. */
  told(event, label) {
    if (event.state === "refused") return { alarm: `${label}: ${DONE[event.do]}? No: ${REFUSALS[event.reason] || event.reason}.` };
    if (event.state === "no_reply") return { alarm: `${label}: the unit has not said that it did so (${event.do}). It will not be done later.` };
    return { say: event.state === "done" ? `${label}: ${DONE[event.do]}` : "" };
  }

  show() {
    const order = { running: 0, paused: 0, ended: 1 };
    const views = [...this.all.values()].sort((a, b) => order[a.state] - order[b.state] || b.began_at - a.began_at);
    this.cards.show(views, addressOf);
    byId("no-tests").hidden = views.length > 0;
  }

  showDue(due) {
    const late = due.filter((one) => one.state === "never" || one.state === "overdue");
    write(byId("due-state"), late.length ? `${late.length} of ${due.length} flats are overdue, or were never tested:` : "No flat is overdue for its test.");
    const items = late.slice(0, SHOWN_DUE).map((one) => el("li", {}, `${one.label}: ${DUE[one.state]}${one.due ? `, was due on ${one.due}` : ""}`));
    if (late.length > SHOWN_DUE) items.push(el("li", {}, `and ${late.length - SHOWN_DUE} more`));
    byId("due-late").replaceChildren(...items);
    const rows = due.map((one) => [one.label, DUE[one.state], one.tested || "-", one.due || "-", one.days ?? "-", one.verdict || "-"]);
    byId("due-all").replaceChildren(table(["Flat", "State", "Last passed", "Next due", "Days left", "Newest record"], rows));
  }

  // --- the dialogs

  /** Asks who tests, then begins. */
  start(unit) {
    this.asked = { address: addressOf(unit) };
    const form = this.open("start-test", unit.label);
    form.elements.who.value = this.me().name;
  }

  open(id, words) {
    const form = byId(id).querySelector("form");
    form.reset();
    write(form.querySelector(".place"), words);
    write(form.querySelector(".trouble"), "");
    byId(id).showModal();
    return form;
  }

  startNow(event) {
    const { who, witness } = event.target.elements;
    return this.send(event, "test_start", { who: who.value.trim(), witness: witness.value.trim() });
  }

  skipNow(event) {
    return this.send(event, "test_skip", { step: this.asked.step, why: event.target.elements.why.value.trim(), who: this.me().name });
  }

  stopNow(event) {
    return this.send(event, "test_stop", { who: this.me().name });
  }

  /** A dialog's request; what the desk refuses is said in the dialog. */
  async send(event, command, fields) {
    if (event.submitter && event.submitter.value === "cancel") return;
    event.preventDefault();
    try {
      await this.line.request(command, { unit: this.asked.address, ...fields });
      event.target.closest("dialog").close();
    } catch (error) {
      write(event.target.querySelector(".trouble"), error.message);
    }
  }

  answer(address, step, value) {
    return this.attempt(() => this.line.request("test_answer", { unit: address, step, value, who: this.me().name }));
  }

  skip(address, step) {
    this.asked = { address, step };
    this.open("skip-step", this.words(address, step));
  }

  stop(address) {
    this.asked = { address };
    this.open("stop-test", this.all.get(address).label);
  }

  // --- one test's card

  words(address, step) {
    return stepWords(step, (input) => this.roomOf(address, input));
  }

  make(address) {
    const parts = { title: el("h3", {}), state: el("p", { className: "state", role: "status" }), now: el("p", { className: "room" }), people: el("p", {}) };
    const button = (text, act, main) => el("button", { type: "button", className: main ? "main" : "", onclick: act }, text);
    const stepNow = () => this.all.get(address).step;
    const buttons = {
      yes: button("Yes", () => this.answer(address, stepNow(), "yes"), true), no: button("No", () => this.answer(address, stepNow(), "no"), true),
      skip: button("Leave this step out …", () => this.skip(address, stepNow())), stop: button("Stop the test …", () => this.stop(address)),
    };
    const row = el("div", { className: "buttons" }, ...Object.values(buttons));
    const leftTitle = el("summary", {});
    const leftList = el("ol", { className: "left", tabIndex: -1 });
    const left = el("details", { open: true }, leftTitle, leftList);
    const steps = new Cards(leftList, (step) => this.makeStep(address, step));
    const results = el("div", { className: "scroll", tabIndex: 0 });
    const done = el("details", {}, el("summary", {}, "Results so far"), results);
    const node = el("li", { className: "card", tabIndex: -1 }, parts.title, parts.people, parts.state, parts.now, row, left, done);
    return { node, update: (view) => this.update(view, { node, parts, buttons, left, leftTitle, steps, done, results }) };
  }

  makeStep(address, step) {
    const small = (text, act) => el("button", { type: "button", className: "small", onclick: act, "aria-label": `${text}: ${this.words(address, step)}` }, text);
    const answers = isQuestion(step) ? [small("Yes", () => this.answer(address, step, "yes")), small("No", () => this.answer(address, step, "no"))] : [];
    const acts = step.startsWith("...") ? [] : [...answers, small("Leave out …", () => this.skip(address, step))];
    return { node: el("li", {}, el("span", {}, this.words(address, step)), ...acts), update: () => {} };
  }

  update(view, { node, parts, buttons, left, leftTitle, steps, done, results }) {
    const address = addressOf(view);
    const on = view.state !== "ended";
    const verdictClass = { PASS: "passed", "PASS WITH DEFECTS": "defects" }[view.verdict] || "failed";
    node.className = `card test ${on ? view.state : verdictClass}`;
    write(parts.title, `Test of ${view.label}`);
    write(parts.people, `${view.who ? `Engineer ${view.who}` : "Begun at the unit"}${view.witness ? `, witness ${view.witness}` : ""}`);
    write(parts.state, this.stateOf(view));
    write(parts.now, view.state === "running" && view.step ? `Now: ${this.words(address, view.step)}` : "");
    for (const [name, one] of Object.entries(buttons)) {
      one.hidden = !on || (view.state === "paused" && name !== "stop") || (["yes", "no"].includes(name) && !isQuestion(view.step)) || (name === "skip" && !view.step);
      one.setAttribute("aria-label", `${one.textContent}: ${view.label}`);
    }
    if (node.contains(document.activeElement) && document.activeElement.hidden) node.focus();
    left.hidden = !on;
    write(leftTitle, `What is left: ${view.left.length}`);
    steps.show(on ? view.left : [], (step) => step);
    done.hidden = !view.results.length;
    const rows = view.results.map((one) => [this.words(address, one[0]), resultWords(one)]);
    results.replaceChildren(table(["Step", "Result"], rows));
  }

  stateOf(view) {
    if (view.state === "ended") return `Ended: ${view.verdict}. The record is below, under "Records of test".`;
    if (view.state === "paused") return "Waits: a real call is open. It goes on when that is over.";
    return view.left.length ? "Running" : "Running: the last results are awaited";
  }
}
