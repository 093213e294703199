// Sound between this browser and the desk (or the flat): microphone -> worklet -> WebSocket and back. Nothing is recorded.

const REASONS = {
  NotAllowedError: "The browser was not allowed to use the microphone. Allow it (the sign beside the address), then try again.",
  NotFoundError: "No microphone was found. Plug one in, then try again.",
  NotReadableError: "Another program holds the microphone. Close it, then try again.",
};
export const INSECURE =
  "This address gets no microphone from the browser: open the page as http://127.0.0.1 or http://localhost " +
  "on the desk's own machine (an SSH tunnel counts), or through https.";

/** The microphone's stream. Throws Error with words for the person. `plain`: a headset is used, no echo to remove. */
export async function openMicrophone(plain) {
  if (!window.isSecureContext || !navigator.mediaDevices) throw new Error(INSECURE);
  const clean = !plain;
  const audio = { channelCount: 1, echoCancellation: clean, noiseSuppression: clean, autoGainControl: clean };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    throw new Error(REASONS[error.name] || `The microphone does not open: ${error.message || error.name}`);
  }
}

export class Sound {
  /**
   * `codecFor(first)`: the codec for the server's first message; `on`: functions `level(microphone, speaker)` (RMS, 0 to 1),
   * `counters(object)`, `end(code, reason)`.
   */
  constructor(url, codecFor, on) {
    this.url = url;
    this.codecFor = codecFor;
    this.on = on;
    this.counters = {};
    this.ended = false;
  }

  /** Connects; `stream` may be null: then only listening. Resolves when the line is open. */
  start(stream) {
    this.stream = stream;
    return new Promise((resolve, reject) => {
      this.socket = new WebSocket(this.url);
      this.socket.binaryType = "arraybuffer";
      this.socket.onmessage = (event) => this.take(event.data, resolve, reject);
      this.socket.onclose = (event) => {
        reject(new Error(event.reason || "The line for sound does not open."));
        this.stop(event.code, event.reason);
      };
    });
  }

  mute(muted) {
    this.muted = muted;
    if (this.node) this.node.port.postMessage({ muted });
  }

  /** Ends it and lets the microphone go. */
  stop(code = 1000, reason = "") {
    if (this.ended) return;
    this.ended = true;
    this.socket.close();
    if (this.stream) this.stream.getTracks().forEach((track) => track.stop());
    if (this.context) this.context.close();
    this.on.end(code, reason);
  }

  async take(data, resolve, reject) {
    if (typeof data !== "string") {
      if (this.node) this.node.port.postMessage({ frame: this.codec.decode(data) });
      return;
    }
    const message = JSON.parse(data);
    if (message.say === "counters") {
      this.report(message);
      return;
    }
    try {
      this.codec = this.codecFor(message);
      await this.open();
      resolve();
    } catch (error) {
      reject(error);
      this.stop(1000, error.message);
    }
  }

  report(more) {
    this.counters = { ...this.counters, ...more };
    this.on.counters(this.counters);
  }

  async open() {
    try {
      await this.build(new AudioContext({ sampleRate: this.codec.lineHz, latencyHint: "interactive" }));
    } catch (error) {
      if (error.name !== "NotSupportedError") throw error;
      await this.build(new AudioContext({ latencyHint: "interactive" })); // then the worklet converts
    }
  }

  async build(context) {
    if (this.context) this.context.close();
    this.context = context;
    await context.audioWorklet.addModule("/static/worklet.js");
    const processorOptions = { lineHz: this.codec.lineHz };
    const node = new AudioWorkletNode(context, "line", { outputChannelCount: [1], processorOptions });
    if (this.stream) context.createMediaStreamSource(this.stream).connect(node);
    node.connect(context.destination);
    node.port.onmessage = (event) => this.fromWorklet(event.data);
    this.node = node;
    this.mute(Boolean(this.muted));
    await context.resume();
  }

  fromWorklet(message) {
    if (message.frame) {
      const open = this.socket.readyState === WebSocket.OPEN && this.socket.bufferedAmount < 10 * this.codec.frameBytes;
      if (open) this.socket.send(this.codec.encode(message.frame));
      else this.counters.unsent = (this.counters.unsent || 0) + 1;
      return;
    }
    const { level, ...counts } = message;
    this.on.level(level.microphone, level.speaker);
    this.counters = { ...this.counters, ...counts };
  }
}

/** The address of a WebSocket beside this page. */
export function beside(path) {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;
}
