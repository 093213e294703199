// Who is at the desk: asked at the start (browsers give sound only after a click), kept while this tab is open.

import { byId, write } from "./dom.js";

const KEPT = "operator";

export class Operator {
  constructor() {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) || "{}");
    this.name = "";
    this.party = kept.party || "coordinator";
    this.kept = kept.name || "";
    this.headset = Boolean(kept.headset);
    this.dialog = byId("who");
    this.form = this.dialog.querySelector("form");
    byId("change-me").addEventListener("click", () => this.ask(this.done));
  }

  /** Asks; `done()` once there is a name. */
  ask(done) {
    this.done = done;
    this.form.elements.name.value = this.name || this.kept;
    this.form.elements.party.value = this.party;
    this.form.elements.headset.checked = this.headset;
    this.form.onsubmit = (event) => this.take(event);
    this.dialog.oncancel = (event) => this.name || event.preventDefault();
    this.dialog.showModal();
  }

  take(event) {
    const name = this.form.elements.name.value.trim();
    if (!name) {
      event.preventDefault();
      return;
    }
    this.name = name;
    this.party = this.form.elements.party.value;
    this.headset = this.form.elements.headset.checked;
    sessionStorage.setItem(KEPT, JSON.stringify({ name, party: this.party, headset: this.headset }));
    write(byId("my-name"), `${name}, ${this.party}`);
    byId("me").hidden = false;
    this.done();
  }
}
