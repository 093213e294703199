// Lists to look things up in: who has listened, who did not answer, what was closed. Read when they are opened.

import { byId, el, moment, table } from "./dom.js";
import { places } from "./calls.js";
import { DOUBTS } from "./testing_words.js";
import { OPENED_FOR } from "./words.js";

const SHOWN = 200;
const PAGE = 1000;
const PAGES_MAX = 100; // of the log, read oldest first

const yes = (value) => (value ? "yes" : "no");
const passed = (s) => (s === null ? "never" : s < 3600 ? `${Math.round(s / 60)} min` : `${Math.round(s / 3600)} h`);

function evidenceOf(event) {
  const e = event.evidence;
  return (
    `rang ${e.rings} times, spoke ${e.prompts} times, announced to the end: ${yes(e.announced)}, last activity in the flat: ` +
    `${passed(e.last_activity_s)} before, sound last proven: ${passed(e.audio_path_proven_s)} before, privacy switch: ${yes(e.privacy)}`
  );
}

export const noAnswerWords = (event, label) => `${label} did not answer (${event.kind}): ${evidenceOf(event)}.`;

export class Records {
  constructor(line, labelOf) {
    this.line = line;
    this.labelOf = labelOf;
    this.lists = {
      microphone: () => this.openings(),
      "no-answer": () => this.noAnswers(),
      "test-records": () => this.tests(),
      closed: () => this.closed(),
    };
    for (const id of Object.keys(this.lists)) byId(id).addEventListener("toggle", () => this.refresh(id));
  }

  /** Reads the list `id` again if it is open. */
  async refresh(id) {
    if (!byId(id).open) return;
    const place = byId(id).querySelector(".scroll");
    try {
      place.replaceChildren(await this.lists[id]());
    } catch (error) {
      place.replaceChildren(error.message);
    }
  }

  /** The newest first. */
  async entries(request) {
    let newest = [];
    for (let page = 0, since = 0; page < PAGES_MAX; page++) {
      const { entries } = await this.line.request(request, { since, limit: PAGE });
      newest = [...newest, ...entries].slice(-SHOWN);
      if (entries.length < PAGE) break;
      since = entries.at(-1).n;
    }
    return newest.reverse();
  }

  async openings() {
    const rows = (await this.entries("microphone_log")).map((event) => [
      moment(event.at), this.labelOf(event), event.open ? "opened" : "closed", event.who, OPENED_FOR[event.why] || event.why, event.call,
    ]);
    return rows.length ? table(["When", "Flat", "Microphone", "For", "Why", "Call"], rows) : "No microphone was opened.";
  }

  async noAnswers() {
    const rows = (await this.entries("no_answer_log")).map((event) => [
      moment(event.at), this.labelOf(event), event.kind, event.who, evidenceOf(event),
    ]);
    return rows.length ? table(["When", "Flat", "Kind", "Called by", "Evidence"], rows) : "Every call to a flat was answered.";
  }

  async tests() {
    const { records } = await this.line.request("test_records", { newest: true, limit: SHOWN });
    const rows = records.reverse().map((one) => {
      const name = `Record of test of ${this.labelOf(one)}, ${moment(one.received_s)}, as PDF`;
      const link = el("a", { href: `/record.pdf?record=${one.n}`, download: "", "aria-label": name }, "PDF");
      const verdict = one.verdict || "cannot be read";
      return [moment(one.received_s), this.labelOf(one), verdict, one.flags.map((flag) => DOUBTS[flag] || flag).join(", ") || "-", one.verdict ? link : "-"];
    });
    return rows.length ? table(["Received", "Flat", "Verdict", "In doubt", "To print"], rows) : "No record of test has come yet.";
  }

  async closed() {
    const { calls } = await this.line.request("calls", { closed: true, limit: 50 });
    const rows = calls.filter((call) => call.state === "closed").sort((a, b) => b.n - a.n).map((call) => [
      moment(call.closed && call.closed.at), call.label, places(call), call.closed ? `${call.closed.outcome}, ${call.closed.who}` : "",
    ]);
    return rows.length ? table(["Closed", "Flat", "Where", "Outcome"], rows) : "No closed call.";
  }
}
