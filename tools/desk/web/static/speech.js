// The panel of the speech that this operator has: its state, the commands to the flat, the sound of this browser.

import { byId, el, write } from "./dom.js";
import { CODECS } from "./g711.js";
import { Sound, beside, openMicrophone } from "./sound.js";
import { REASONS, STATES } from "./words.js";

// Command, its digit on a phone, text. The first four are modes, of which one is on.
const MODES = [["auto", "3", "Automatic"], ["talk", "1", "I talk"], ["listen", "2", "I listen"], ["duplex", "4", "Both at once"]];
const COMMANDS = [
  ["volume_down", "6", "Quieter there"], ["volume_up", "5", "Louder there"], ["hold", "7", "Hold"], ["resume", "8", "Go on"],
  ["extend", "9", "More time"], ["clear_down", "0", "End the speech"],
];
const WHY = { alarm: "alarm call", intercom: "intercom", welfare: "welfare call", door: "door" };
const TAKEN_OVER = 4409;
const METER_FLOOR_DB = -60;

/** RMS of 0 to 1 as 0 to 1 on a scale of decibels, as loudness is heard. */
function meterOf(level) {
  return Math.max(0, 1 - (20 * Math.log10(Math.max(level, 1e-6))) / METER_FLOOR_DB);
}

export class Speech {
  /** `line`: the live line; `me`: the operator; `changed()`: called when the session began, changed or ended. */
  constructor(line, me, changed) {
    Object.assign(this, { line, me, changed, session: null, sound: null, stream: null });
    this.buttons = {};
    for (const [command, digit, text] of [...MODES, ...COMMANDS]) this.buttons[command] = this.button(command, digit, text);
    this.join = el("button", { type: "button", className: "main", onclick: () => this.connect() }, "Connect my sound");
    this.done = el("button", { type: "button", onclick: () => this.close() }, "Close this panel");
    this.buttons.clear_down.classList.add("end");
    byId("modes").append(this.join, ...MODES.map(([command]) => this.buttons[command]));
    byId("controls").append(...COMMANDS.map(([command]) => this.buttons[command]), this.done);
    byId("mute").addEventListener("click", () => this.toggleMute());
    byId("retry").addEventListener("click", () => this.connect());
    byId("speech").addEventListener("keydown", (event) => this.digit(event));
    this.panel = byId("speech");
  }

  button(command, digit, text) {
    const hint = el("kbd", { "aria-hidden": "true" }, digit);
    return el("button", { type: "button", onclick: () => this.control(command) }, `${text} `, hint);
  }

  /**
   * Begins with the request `command`, whose reply has `session`. The microphone opens early: the browser's question comes before
   * the flat is connected. Returns the reply; throws what the desk refused.
   */
  async begin(command, fields) {
    this.trouble("");
    this.wanted = true; // the sound is to follow by itself, with a microphone or without
    const opening = this.openStream();
    try {
      const reply = await this.line.request(command, fields);
      if (reply.talk_error) throw Object.assign(new Error(reply.talk_error.text), { reply });
      this.show(reply.session);
      this.panel.focus();
      return reply;
    } catch (error) {
      await opening;
      this.letGo();
      throw error;
    }
  }

  async openStream() {
    if (this.stream) return;
    try {
      this.stream = await openMicrophone(this.me.headset);
      byId("retry").hidden = true;
    } catch (error) {
      byId("retry").hidden = false;
      this.trouble(`The flat cannot hear you, you can only listen. ${error.message}`);
    }
  }

  /** Takes the view of this operator's session. */
  show(session) {
    const fresh = !this.session || this.session.sid !== session.sid;
    if (fresh) this.stopSound();
    this.session = session;
    this.panel.hidden = false;
    const over = session.state === "ended";
    const kind = WHY[session.kind] || session.kind;
    write(byId("speech-title"), `${session.label}: ${kind}`);
    write(byId("speech-state"), this.words(session));
    this.offer(session, over);
    if (over) this.letGo();
    else if (session.state === "connected" && !this.sound && this.wanted) this.connect();
    this.changed();
  }

  words(session) {
    if (session.state === "ended") return `Speech has ended: ${REASONS[session.reason] || session.reason}`;
    if (session.state === "connected" && session.media_lost) return "Connected, but no sound comes from the flat.";
    return `${STATES[session.state] || session.state} ${session.note || ""}`.trim();
  }

  offer(session, over) {
    const connected = session.state === "connected";
    const held = session.state === "held";
    for (const [command] of MODES) {
      this.buttons[command].hidden = !connected;
      this.buttons[command].setAttribute("aria-pressed", String(session.mode === command));
    }
    for (const command of ["volume_up", "volume_down", "hold"]) this.buttons[command].hidden = !connected;
    this.buttons.resume.hidden = !held;
    this.buttons.extend.hidden = !connected && !held;
    this.buttons.clear_down.hidden = over;
    this.done.hidden = !over;
    this.join.hidden = !connected || Boolean(this.sound);
    byId("mute").hidden = over;
  }

  get running() {
    return this.session !== null && this.session.state !== "ended";
  }

  /** Hides the panel of a speech that is over. */
  close() {
    this.session = null;
    this.panel.hidden = true;
    this.changed();
    byId("calls").focus();
  }

  async control(command) {
    const sid = this.session.sid;
    try {
      if (command === "clear_down") await this.line.request("hang_up", { sid });
      else await this.line.request("control", { sid, command });
      this.trouble("");
    } catch (error) {
      this.trouble(error.message);
    }
  }

  digit(event) {
    const typing = event.target.matches("input, textarea, select") || event.ctrlKey || event.altKey || event.metaKey;
    const found = [...MODES, ...COMMANDS].find(([, digit]) => digit === event.key);
    if (!typing && found && this.running && !this.buttons[found[0]].hidden) this.control(found[0]);
  }

  async connect() {
    this.stopSound();
    this.wanted = false; // once
    const sid = this.session.sid;
    await this.openStream();
    if (!this.running || this.session.sid !== sid || this.sound) return;
    this.sound = new Sound(beside(`/sound?sid=${sid}`), (first) => CODECS[first.codec], {
      level: (microphone, speaker) => this.levels(microphone, speaker),
      counters: (counters) => this.quality(counters),
      end: (code, reason) => this.soundEnded(code, reason),
    });
    this.sound.mute(this.muted);
    this.offer(this.session, false);
    try {
      await this.sound.start(this.stream);
    } catch (error) {
      this.trouble(`No sound: ${error.message}`);
    }
  }

  soundEnded(code, reason) {
    this.sound = this.stream = null;
    this.wanted = false; // not by itself: another screen may have it now
    this.levels(0, 0);
    if (!this.running) return;
    this.offer(this.session, false);
    this.trouble(code === TAKEN_OVER ? "The sound is on another screen now." : `The sound has stopped. ${reason}`);
  }

  stopSound() {
    const sound = this.sound;
    this.sound = null;
    if (sound) sound.on.end = () => {};
    if (sound) sound.stop();
    if (sound) this.stream = null;
  }

  letGo() {
    this.stopSound();
    this.wanted = false;
    if (this.stream) this.stream.getTracks().forEach((track) => track.stop());
    this.stream = null;
    this.levels(0, 0);
  }

  toggleMute() {
    this.muted = !this.muted;
    byId("mute").setAttribute("aria-pressed", String(this.muted));
    write(byId("mute"), this.muted ? "Microphone is muted: unmute" : "Mute my microphone");
    if (this.sound) this.sound.mute(this.muted);
  }

  levels(microphone, speaker) {
    byId("my-level").value = meterOf(microphone);
    byId("their-level").value = meterOf(speaker);
  }

  quality(counters) {
    const { say, ...numbers } = counters;
    const items = Object.entries(numbers).flatMap(([name, n]) => [el("dt", {}, name.replaceAll("_", " ")), el("dd", {}, String(n))]);
    byId("quality").replaceChildren(...items);
  }

  trouble(text) {
    write(byId("speech-trouble"), text);
  }
}
