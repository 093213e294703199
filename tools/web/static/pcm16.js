// 16-bit samples at 16 kHz, least significant byte first: what the flat's microphone and loudspeaker work with.

export const PCM16 = {
  frameBytes: 640,
  lineHz: 16000,

  encode(samples) {
    const view = new DataView(new ArrayBuffer(samples.length * 2));
    samples.forEach((x, i) => view.setInt16(i * 2, Math.max(-32768, Math.min(32767, Math.round(x * 32768))), true));
    return new Uint8Array(view.buffer);
  },

  decode(buffer) {
    const view = new DataView(buffer);
    return Float32Array.from({ length: buffer.byteLength / 2 }, (_, i) => view.getInt16(i * 2, true) / 32768);
  },
};
