// Runs in the browser's sound thread: microphone samples out as frames of 20 ms, frames in as loudspeaker samples through a small
// jitter buffer. Samples are Float32 at the line's rate (8 or 16 kHz); another rate of the sound card is converted here.

import { Resampler } from "./resample.js";

const FRAME_S = 0.02;
const START_FRAMES = 3; // 60 ms before play-out starts or starts again
const MOST_FRAMES = 10; // 200 ms: more is delay; the oldest go, down to the start's depth
const CALM_REPORTS = 20; // 2 s in which the buffer was never below the start's depth: one frame goes (the clocks differ)
const LEVEL_S = 0.1; // period of the level reports
const LOST_GAIN = 0.5; // a lost frame repeats the one before, 6 dB lower each time
const FADE = 0.97; // per sample when the buffer has run dry: no click

class Line extends AudioWorkletProcessor {
  constructor(options) {
    super();
    this.lineHz = options.processorOptions.lineHz;
    this.frame = Math.round(this.lineHz * FRAME_S);
    this.up = new Resampler(this.lineHz, sampleRate);
    this.down = new Resampler(sampleRate, this.lineHz);
    this.out = new Float32Array(this.frame);
    this.filled = 0;
    this.frames = []; // waiting to be played
    this.heard = new Float32Array(this.frame); // the last frame, for gaps
    this.playing = new Float32Array(0);
    this.played = 0;
    this.running = false;
    this.last = 0;
    this.muted = false;
    this.counts = { dropped: 0, underruns: 0 };
    this.power = { microphone: 0, speaker: 0 };
    this.measured = 0;
    this.leastWaiting = Infinity;
    this.reports = 0;
    this.port.onmessage = (event) => this.take(event.data);
  }

  take(message) {
    if (message.muted !== undefined) this.muted = message.muted;
    if (message.frame === undefined) return;
    this.frames.push(message.frame.length ? message.frame : null); // empty: lost on the way
    if (this.frames.length > MOST_FRAMES) this.drop(this.frames.length - START_FRAMES);
    if (this.frames.length >= START_FRAMES) this.running = true;
  }

  drop(count) {
    this.frames.splice(0, count);
    this.counts.dropped += count;
  }

  process(inputs, outputs) {
    const speaker = outputs[0][0];
    const microphone = inputs[0][0] || new Float32Array(speaker.length); // no source yet: silence keeps the line open
    this.record(microphone);
    this.play(speaker);
    for (let i = 1; i < outputs[0].length; i++) outputs[0][i].set(speaker);
    this.report(speaker.length);
    return true;
  }

  record(samples) {
    for (const sample of this.down.process(samples)) {
      const heard = this.muted ? 0 : sample;
      this.power.microphone += heard * heard;
      this.out[this.filled++] = heard;
      if (this.filled === this.frame) {
        this.port.postMessage({ frame: this.out.slice() });
        this.filled = 0;
      }
    }
  }

  play(samples) {
    for (let i = 0; i < samples.length; i++) {
      if (this.played >= this.playing.length) this.next();
      this.last = this.played < this.playing.length ? this.playing[this.played++] : this.last * FADE;
      samples[i] = this.last;
      this.power.speaker += this.last * this.last;
    }
  }

  next() {
    if (!this.running) return;
    const frame = this.frames.shift();
    this.leastWaiting = Math.min(this.leastWaiting, this.frames.length);
    if (frame === undefined) {
      this.running = false; // gather again before going on
      this.counts.underruns++;
      return;
    }
    const heard = frame || this.heard.map((sample) => sample * LOST_GAIN);
    this.heard = heard;
    this.playing = this.up.process(heard);
    this.played = 0;
  }

  report(samples) {
    this.measured += samples;
    if (this.measured < sampleRate * LEVEL_S) return;
    const microphone = Math.sqrt(this.power.microphone / ((this.measured * this.lineHz) / sampleRate));
    const speaker = Math.sqrt(this.power.speaker / this.measured);
    this.port.postMessage({ level: { microphone, speaker }, waiting: this.frames.length, ...this.counts });
    this.power = { microphone: 0, speaker: 0 };
    this.measured = 0;
    this.calm();
  }

  calm() {
    if (++this.reports < CALM_REPORTS) return;
    if (this.leastWaiting >= START_FRAMES && this.leastWaiting < Infinity) this.drop(1);
    this.leastWaiting = Infinity;
    this.reports = 0;
  }
}

registerProcessor("line", Line);
