// Rings in the browser while a call waits: two soft tones every three seconds, until somebody answers or silences it.

const PERIOD_MS = 3000;
const TONES_HZ = [660, 880];

export class Ring {
  constructor() {
    this.context = null;
    this.timer = null;
    this.hushed = false;
  }

  /** Browsers give sound only after a click: call it from one. */
  allow() {
    this.context = this.context || new AudioContext();
    return this.context.resume();
  }

  set(on) {
    if (!on) {
      clearInterval(this.timer);
      this.timer = null;
      this.hushed = false;
    } else if (!this.timer) {
      this.sound();
      this.timer = setInterval(() => this.sound(), PERIOD_MS);
    }
  }

  /** The desk rings anew: what was silenced before is heard again. */
  again(forUs) {
    if (forUs) this.hushed = false;
  }

  sound() {
    if (this.hushed || !this.context) return;
    TONES_HZ.forEach((hz, i) => this.tone(hz, this.context.currentTime + i * 0.45));
  }

  tone(hz, at_s) {
    const oscillator = new OscillatorNode(this.context, { frequency: hz });
    const gain = new GainNode(this.context, { gain: 0 });
    gain.gain.setTargetAtTime(0.2, at_s, 0.02);
    gain.gain.setTargetAtTime(0, at_s + 0.35, 0.03);
    oscillator.connect(gain).connect(this.context.destination);
    oscillator.start(at_s);
    oscillator.stop(at_s + 0.6);
  }
}
