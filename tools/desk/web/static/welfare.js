// The questions of a welfare call as a form. They are data of the desk: this file knows none of them.

import { byId, el, write } from "./dom.js";

function radios(name, legend, choices) {
  const labels = choices.map((choice) => {
    const [value, text] = Array.isArray(choice) ? choice : [choice, choice];
    return el("label", { className: "check" }, el("input", { type: "radio", name, value }), text);
  });
  return el("fieldset", {}, el("legend", {}, legend), ...labels);
}

export class Welfare {
  /** `send(record)`: stores {answers, outcome, note}; throws Error with words. */
  constructor(send) {
    this.send = send;
    this.form = byId("welfare");
    this.form.addEventListener("submit", (event) => this.submit(event));
    this.sid = null;
  }

  /** `set`: {questions: [{id, text, answers}], outcomes: [...]}. Keeps what is filled in while the session is the same. */
  show(session, set) {
    const wanted = session && session.kind === "welfare" ? session.sid : null;
    if (wanted === this.sid) return;
    this.sid = wanted;
    this.form.hidden = !wanted;
    if (!wanted) return;
    this.questions = set.questions;
    const asked = set.questions.map((question) => this.question(question));
    this.saved = el("p", { role: "status" });
    this.trouble = el("p", { className: "trouble", role: "alert" });
    this.form.replaceChildren(
      el("h3", {}, "Questions"), ...asked, radios("outcome", "Outcome", set.outcomes),
      el("label", { for: "note" }, "Note"), el("textarea", { id: "note", name: "note", maxLength: 500, rows: 2 }),
      this.trouble, el("div", { className: "buttons" }, el("button", { className: "main" }, "Keep the answers")), this.saved,
    );
  }

  question({ id, text, answers }) {
    if (answers && answers.length) return radios(`q-${id}`, text, answers);
    const input = el("input", { id: `q-${id}`, name: `q-${id}`, maxLength: 200, autocomplete: "off" });
    return el("div", {}, el("label", { for: `q-${id}` }, text), input);
  }

  async submit(event) {
    event.preventDefault();
    const data = new FormData(this.form);
    const filled = this.questions.map(({ id }) => [id, data.get(`q-${id}`)]).filter(([, answer]) => answer);
    const outcome = data.get("outcome");
    write(this.saved, "");
    if (!outcome) {
      write(this.trouble, "Choose the outcome first.");
      return;
    }
    try {
      await this.send({ sid: this.sid, answers: Object.fromEntries(filled), outcome, note: data.get("note") });
      write(this.trouble, "");
      write(this.saved, "Kept.");
    } catch (error) {
      write(this.trouble, `Not kept: ${error.message}`);
    }
  }
}
