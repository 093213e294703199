// The flat's page: shows what the unit shows, and hands on what fingers do.

import { PCM16 } from "./pcm16.js";
import { Sound, beside, openMicrophone } from "./sound.js";

const byId = (id) => document.getElementById(id);
const AGAIN_MS = 1000;
const SIGNED_OUT = 4401;
const METER_FLOOR_DB = -60;
// What a person does with an input of this kind, and its name. Cords and switches stay where they are put.
const KINDS = {
  button: ["press", "Press the button"], pendant: ["press", "Press the pendant"], answer: ["press", "Press the answer button"],
  reset: ["press", "Press reset (somebody is present)"], cord: ["stay", "Pull the cord"], privacy: ["stay", "Privacy switch"],
};
const PATTERNS = {
  off: "off", steady: "steady: it is calling", flashing: "flashing: the call has been received",
  double: "double flash: somebody has the call, or speaks with the flat",
  winking: "winking: somebody wants to speak with the flat, or a test is on", changing: "changing",
};
let socket = null;
let sound = null;
const buttons = new Map();

function open() {
  socket = new WebSocket(beside("/live"));
  socket.onopen = () => { byId("line").textContent = ""; };
  socket.onmessage = (event) => show(JSON.parse(event.data));
  socket.onclose = (event) => {
    if (event.code === SIGNED_OUT) location.reload();
    byId("line").textContent = "The demo has ended or cannot be reached. Trying again …";
    setTimeout(open, AGAIN_MS);
  };
}

function write(id, text) {
  if (byId(id).textContent !== text) byId(id).textContent = text;
}

function show(seen) {
  write("label", seen.label);
  document.title = seen.label;
  byId("lamp").classList.toggle("lit", seen.light === 1);
  if (!seen.power) write("pattern", "off: the unit has no power");
  else if (seen.pattern !== "changing") write("pattern", PATTERNS[seen.pattern] || seen.pattern);
  write("tone", seen.tone_hz ? `about ${seen.tone_hz} Hz` : "none");
  write("microphone", seen.microphone ? "open: somebody listens" : "closed");
  for (const input of seen.inputs) showInput(input);
}

function showInput(input) {
  if (!buttons.has(input.name)) {
    const button = document.createElement("button");
    button.type = "button";
    button.addEventListener("click", () => use(button.dataset.does, input.name));
    buttons.set(input.name, button);
    byId("inputs").append(button);
  }
  const button = buttons.get(input.name);
  const [way, words] = KINDS[input.kind] || ["press", `Press ${input.name}`];
  const pulled = input.state === "pulled";
  const name = input.kind === "cord" ? `${words} (${input.name})` : words;
  button.dataset.does = way === "press" ? "press" : pulled ? "release" : "pull";
  const text = way === "stay" && pulled ? `${name}: ${input.kind === "cord" ? "let go" : "is on, switch off"}` : name;
  if (button.textContent !== text) button.textContent = text;
  if (way === "stay") button.setAttribute("aria-pressed", String(pulled));
}

function use(does, input) {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ do: does, input }));
}

function meterOf(level) {
  return Math.max(0, 1 - (20 * Math.log10(Math.max(level, 1e-6))) / METER_FLOOR_DB);
}

function levels(room, unit) {
  byId("room-level").value = meterOf(room);
  byId("unit-level").value = meterOf(unit);
}

async function join() {
  write("trouble", "");
  let stream = null;
  try {
    stream = await openMicrophone(byId("headset").checked);
  } catch (error) {
    write("trouble", `The room stays silent, you can only listen. ${error.message}`);
  }
  sound = new Sound(beside("/sound"), () => PCM16, { level: levels, counters: () => {}, end: (code, reason) => left(reason) });
  byId("join").hidden = true;
  byId("leave").hidden = false;
  try {
    await sound.start(stream);
  } catch (error) {
    write("trouble", `No sound: ${error.message}`);
  }
}

function left(reason) {
  sound = null;
  levels(0, 0);
  byId("join").hidden = false;
  byId("leave").hidden = true;
  if (reason) write("trouble", reason);
}

byId("join").addEventListener("click", join);
byId("leave").addEventListener("click", () => sound && sound.stop());
open();
