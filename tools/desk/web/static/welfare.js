// The questions of a welfare call as a form. They are data of the desk: this file knows none of them.

import { byId, el, write } from "./dom.js";

const CHOICES = {
  yes_no: [["yes", "Yes"], ["no", "No"]],
  scale: [["1", "1"], ["2", "2"], ["3", "3"], ["4", "4"], ["5", "5"]],
};
const READ = { yes_no: (text) => text === "yes", scale: Number, text: (text) => text };
const OUTCOMES = {
  well: "All is well", needs_help: "Help or a visit is needed", refused: "They did not want to talk",
  no_answer: "Nobody answered", incomplete: "Broken off",
};

function radios(name, legend, choices) {
  const labels = choices.map(([value, text]) => el("label", { className: "check" }, el("input", { type: "radio", name, value }), text));
  return el("fieldset", {}, el("legend", {}, legend), el("div", { className: "choices" }, ...labels));
}

export class Welfare {
  /** `send(record)`: stores {answers, outcome, note}; throws Error with words. */
  constructor(send) {
    this.send = send;
    this.form = byId("welfare");
    this.form.addEventListener("submit", (event) => this.submit(event));
    this.sid = null;
  }

  /** `set`: the reply to `welfare_questions`. Keeps what is filled in while the session is the same. */
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
      el("h3", {}, "Questions"), ...asked, radios("outcome", "Outcome", set.outcomes.map((one) => [one, OUTCOMES[one] || one])),
      el("label", { for: "note" }, "Note"), el("textarea", { id: "note", name: "note", maxLength: 500, rows: 2 }),
      this.trouble, el("div", { className: "buttons" }, el("button", { className: "main" }, "Keep the answers")), this.saved,
    );
  }

  question({ id, text, kind, required }) {
    const words = required ? text : `${text} (may be left out)`;
    if (CHOICES[kind]) return radios(`q-${id}`, words, CHOICES[kind]);
    const input = el("input", { id: `q-${id}`, name: `q-${id}`, maxLength: 200, autocomplete: "off" });
    return el("div", {}, el("label", { for: `q-${id}` }, words), input);
  }

  async submit(event) {
    event.preventDefault();
    const data = new FormData(this.form);
    const given = this.questions.filter(({ id }) => data.get(`q-${id}`));
    const filled = given.map(({ id, kind }) => [id, READ[kind](data.get(`q-${id}`))]);
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
