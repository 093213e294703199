// Changes the sample rate of a stream: windowed-sinc interpolation, cut off below the lower of both rates' half.
// Needed only where a browser refuses an AudioContext at the telephone's own rate.

const LOBES = 12; // zero crossings on each side: 60 dB and better in the stop band
const STEPS = 256; // entries of the window's table for one lobe

function kernel() {
  const table = new Float32Array(LOBES * STEPS + 2);
  for (let i = 0; i < table.length; i++) {
    const x = i / STEPS;
    const sinc = i === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
    const window = x >= LOBES ? 0 : 0.42 + 0.5 * Math.cos((Math.PI * x) / LOBES) + 0.08 * Math.cos((2 * Math.PI * x) / LOBES);
    table[i] = sinc * window; // Blackman
  }
  return table;
}

const TABLE = kernel();

export class Resampler {
  /** From `fromHz` to `toHz`. Keeps the history that it needs between calls. */
  constructor(fromHz, toHz) {
    this.step = fromHz / toHz;
    this.cut = Math.min(1, toHz / fromHz) * 0.95; // a little below half the lower rate: the slope has to fit
    this.reach = Math.ceil(LOBES / this.cut);
    this.history = new Float32Array(0);
    this.at = 0; // place of the next output sample in `history`
  }

  /** Float32Array in, Float32Array out (as many samples as can be made so far). */
  process(input) {
    if (this.step === 1) return input;
    const all = new Float32Array(this.history.length + input.length);
    all.set(this.history);
    all.set(input, this.history.length);
    const out = [];
    while (this.at + this.reach < all.length) {
      out.push(this.sample(all, this.at));
      this.at += this.step;
    }
    const keepFrom = Math.max(0, Math.min(all.length, Math.floor(this.at) - this.reach));
    this.history = all.slice(keepFrom);
    this.at -= keepFrom;
    return Float32Array.from(out);
  }

  sample(all, at) {
    const first = Math.max(0, Math.ceil(at - this.reach));
    const last = Math.floor(at + this.reach);
    let sum = 0;
    for (let i = first; i <= last; i++) {
      const x = Math.abs(at - i) * this.cut * STEPS;
      const k = Math.floor(x);
      if (k >= LOBES * STEPS) continue;
      sum += all[i] * (TABLE[k] + (TABLE[k + 1] - TABLE[k]) * (x - k));
    }
    return sum * this.cut;
  }
}
