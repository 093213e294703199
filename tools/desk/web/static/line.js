// The live line to the desk: requests with replies, events, and connecting again by itself.

import { beside } from "./sound.js";

const AGAIN_MS = [500, 1000, 2000, 5000];
const REPLY_MS = 15000;
const SIGNED_OUT = 4401;

export class Line {
  /** `on`: functions `up()`, `down(words)`, `event(event)`. */
  constructor(on) {
    this.on = on;
    this.tries = 0;
    this.nextId = 1;
    this.waiting = new Map();
  }

  open() {
    this.socket = new WebSocket(beside("/live"));
    this.socket.onmessage = (event) => this.take(JSON.parse(event.data));
    this.socket.onclose = (event) => this.lost(event);
  }

  /** The reply. Throws Error with the desk's words and its `code`. */
  request(command, fields = {}) {
    if (!this.socket || this.socket.readyState !== WebSocket.OPEN) {
      return Promise.reject(new Error("There is no connection to the desk at the moment."));
    }
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.settle(id, new Error("The desk does not reply.")), REPLY_MS);
      this.waiting.set(id, { resolve, reject, timer });
      this.socket.send(JSON.stringify({ ...fields, v: 1, id, do: command }));
    });
  }

  settle(id, error, reply) {
    const one = this.waiting.get(id);
    if (!one) return;
    clearTimeout(one.timer);
    this.waiting.delete(id);
    if (error) one.reject(error);
    else one.resolve(reply);
  }

  take(message) {
    if (message.event === "hello") {
      this.tries = 0;
      this.on.up();
    } else if (message.event) {
      this.on.event(message);
    } else if (message.ok) {
      this.settle(message.id, null, message);
    } else {
      this.settle(message.id, Object.assign(new Error(message.error.text), { code: message.error.code }));
    }
  }

  lost(event) {
    for (const id of [...this.waiting.keys()]) this.settle(id, new Error("The connection to the desk broke."));
    if (event.code === SIGNED_OUT) {
      location.reload(); // the server shows the sign-in page
      return;
    }
    this.on.down("No connection to the desk. Calls cannot be seen here. Trying again …");
    setTimeout(() => this.open(), AGAIN_MS[Math.min(this.tries++, AGAIN_MS.length - 1)]);
  }
}
