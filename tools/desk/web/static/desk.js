// The desk's page: puts the parts together.

import { Calls, places } from "./calls.js";
import { byId, clock, el, write } from "./dom.js";
import { Line } from "./line.js";
import { Operator } from "./operator.js";
import { Records, noAnswerWords } from "./records.js";
import { Ring } from "./ring.js";
import { INSECURE } from "./sound.js";
import { Speech } from "./speech.js";
import { Tests } from "./testing.js";
import { Units, addressOf } from "./units.js";
import { Welfare } from "./welfare.js";

const me = new Operator();
const ring = new Ring();
const line = new Line({ up: refresh, down: lost, event: take });
const labelOf = (place) => (units.all.get(addressOf(place)) || {}).label || addressOf(place);
const speech = new Speech(line, me, speechChanged);
const units = new Units({ intercom: (unit) => callFlat(unit, "intercom"), welfare: (unit) => callFlat(unit, "welfare"), query, test: (unit) => tests.start(unit) });
const calls = new Calls({ answer, answerAndTalk, talk, release, clear }, () => me, (call) => speech.running && speech.session.call === call.call);
const welfare = new Welfare((record) => line.request("welfare_outcome", { ...record, who: me.name }));
const records = new Records(line, labelOf);
const tests = new Tests(line, () => me, roomOf, attempt);
const WARNINGS_MAX = 8;
let questions = { questions: [], outcomes: [] };
let clearing = null;

async function refresh() {
  try {
    const [open, known, status] = await Promise.all([line.request("calls"), line.request("units"), line.request("status")]);
    units.set(known.units);
    calls.set(open.calls);
    showDuty(status.duty);
    write(byId("line"), `Desk ${status.desk}: connected`);
    byId("line").classList.remove("down");
    alarm("");
    rings();
    await refreshSpeech();
    await tests.refresh();
  } catch (error) {
    alarm(error.message);
  }
}

async function refreshSpeech() {
  questions = await line.request("welfare_questions");
  for (const session of (await line.request("sessions")).sessions) takeSession(session);
}

function roomOf(address, input) {
  const unit = units.all.get(address);
  return (unit && unit.locations && unit.locations[input]) || "";
}

function lost(words) {
  write(byId("line"), "No connection");
  byId("line").classList.add("down");
  alarm(words);
}

const TAKES = {
  call: (event) => announce(calls.take(event.view)),
  unit: (event) => announce(units.take(event.view)),
  ring: (event) => ring.again(event.parties.includes(me.party)),
  alert: (event) => warn(`${event.number ? `Call ${event.number}: ` : ""}${event.note || "activated again, look"}`),
  talk: (event) => takeSession(event.view),
  no_answer: (event) => warn(noAnswerWords(event, labelOf(event))),
  duty: (event) => showDuty({ ...duty, [event.scheme_name]: event.on }),
  test: (event) => announce(tests.take(event.view)),
  test_command: (event) => testTold(tests.told(event, labelOf(event))),
  test_record: () => {
    records.refresh("test-records");
    attempt(() => tests.refresh());
  },
};

function take(event) {
  if (TAKES[event.event]) TAKES[event.event](event);
  if (event.event === "microphone") records.refresh("microphone");
  if (event.event === "no_answer") records.refresh("no-answer");
  rings();
}

function testTold(words) {
  if (words.alarm) alarm(words.alarm);
  else announce(words.say);
}

function takeSession(session) {
  const ours = speech.session ? speech.session.sid === session.sid : session.who === me.name && session.state !== "ended";
  if (ours) speech.show(session);
}

function speechChanged() {
  document.querySelector("main").classList.toggle("talking", speech.session !== null);
  welfare.show(speech.session, questions);
  calls.show();
  rings();
}

function rings() {
  const waiting = calls.ringing(me.party);
  ring.set(waiting.length > 0 && Boolean(me.name));
  const alone = calls.unheld();
  byId("waiting").hidden = !alone.length || !speech.session; // beside a speech nothing may hide a call
  write(byId("waiting"), alone.length ? `${alone.length} open: ${alone[0].label}, ${places(alone[0])}. Nobody has it.` : "");
  byId("hush").hidden = !waiting.length || ring.hushed;
  document.title = waiting.length ? `CALL ${waiting[0].label} (${waiting.length})` : "Alarm desk";
}

function announce(words) {
  if (words) byId("announce").append(el("p", {}, words));
  while (byId("announce").children.length > 5) byId("announce").firstChild.remove();
}

/** What somebody must have seen: it stays until they say so. */
function warn(words) {
  const seen = el("button", { type: "button", className: "small" }, "Seen");
  const item = el("li", {}, `${clock(Date.now() / 1000)} ${words}`, seen);
  seen.addEventListener("click", () => {
    item.remove();
    byId("calls").focus();
  });
  byId("warnings").append(item);
  while (byId("warnings").children.length > WARNINGS_MAX) byId("warnings").firstChild.remove();
}

/** What keeps this page from working now, or what the desk has just refused. */
function alarm(words) {
  write(byId("alert"), words);
}

/** Runs what a button asks for; what the desk refuses is said on top of the page. */
async function attempt(work) {
  try {
    alarm("");
    await work();
  } catch (error) {
    alarm(error.message);
  }
}

function answer(call) {
  return attempt(async () => {
    const reply = await line.request("answer", { call: call.n, party: me.party, who: me.name });
    announce(calls.take(reply.call));
  });
}

function answerAndTalk(call) {
  return attempt(async () => {
    try {
      const reply = await speech.begin("answer", { call: call.n, party: me.party, who: me.name, talk: true });
      announce(calls.take(reply.call));
    } catch (error) {
      if (error.reply) announce(calls.take(error.reply.call)); // answered, but without speech
      throw error;
    }
  });
}

function talk(call) {
  return attempt(() => speech.begin("talk", { call: call.n, who: me.name }));
}

function callFlat(unit, kind) {
  return attempt(() => speech.begin(kind, { unit: addressOf(unit), who: me.name }));
}

function release(call) {
  return attempt(async () => calls.take((await line.request("release", { call: call.n })).call));
}

function query(unit) {
  return attempt(async () => {
    await line.request("query", { unit: addressOf(unit) });
    announce(`${unit.label} was asked for a report`);
  });
}

function clear(call) {
  clearing = call;
  const form = byId("clear").querySelector("form");
  form.reset();
  form.elements.who.value = me.name;
  write(byId("clear-call"), call.label);
  write(byId("clear-trouble"), "");
  byId("clear").showModal();
}

async function clearNow(event) {
  if (event.submitter && event.submitter.value === "cancel") return;
  event.preventDefault();
  const { outcome, basis, who } = event.target.elements;
  const known = { call: clearing.n, triggers: clearing.triggers };
  try {
    const reply = await line.request("clear", { ...known, outcome: outcome.value, basis: basis.value, who: who.value.trim() });
    calls.take(reply.call);
    byId("clear").close();
  } catch (error) {
    write(byId("clear-trouble"), error.message);
  }
}

let duty = {};

function showDuty(now) {
  duty = now;
  const boxes = Object.entries(now).map(([scheme, on]) => {
    const change = (event) => attempt(() => line.request("duty", { scheme, on: event.target.checked }));
    return el("label", { className: "check" }, el("input", { type: "checkbox", checked: on, onchange: change }), `${scheme}: coordinator on duty`);
  });
  byId("duty").replaceChildren(...boxes);
}

byId("clear").querySelector("form").addEventListener("submit", clearNow);
byId("hush").addEventListener("click", () => {
  ring.hushed = true;
  rings();
});
me.ask(() => {
  ring.allow();
  calls.show();
  rings();
});
setInterval(() => calls.tick(), 1000);
if (!window.isSecureContext) warn(INSECURE);
line.open();
