// G.711 in both laws, by tables over all codes and all 16-bit samples that are made once. Float samples are -1 to 1.
// Source: ITU-T G.711 (1988): A-law segments, even bits inverted; mu-law segments, all bits inverted, bias 33 in 14 bits.

function alawValue(code) {
  const c = code ^ 0x55;
  const segment = (c >> 4) & 7;
  const step = c & 15;
  const size = segment === 0 ? (step << 4) + 8 : ((step << 4) + 264) << (segment - 1);
  return c & 0x80 ? size : -size;
}

function ulawValue(code) {
  const c = ~code & 0xff;
  const size = ((((c & 15) << 3) + 132) << ((c >> 4) & 7)) - 132;
  return c & 0x80 ? -size : size;
}

// A-law: 11 bits of magnitude to segment and step; negative samples are mirrored by one's complement.
function alawCode(sample) {
  const size = (sample >= 0 ? sample : ~sample) >> 4;
  const high = 31 - Math.clz32(size | 1);
  const code = high < 4 ? size : ((high - 3) << 4) | ((size >> (high - 4)) & 15);
  return ((sample >= 0 ? 0x80 : 0) | code) ^ 0x55;
}

function ulawCode(sample) {
  const sign = sample < 0 ? 0x80 : 0;
  const size = Math.min(8158, (sample < 0 ? ~sample : sample) >> 2) + 33;
  const high = 31 - Math.clz32(size);
  return ~(sign | ((high - 5) << 4) | ((size >> (high - 4)) & 15)) & 0xff;
}

class Law {
  constructor(value, code) {
    this.frameBytes = 160;
    this.lineHz = 8000;
    this.values = Float32Array.from({ length: 256 }, (_, c) => value(c) / 32768);
    this.codes = Uint8Array.from({ length: 65536 }, (_, i) => code(i - 32768));
  }

  /** Float32Array of samples to Uint8Array of codes. */
  encode(samples) {
    return Uint8Array.from(samples, (x) => this.codes[Math.max(0, Math.min(65535, Math.round(x * 32768) + 32768))]);
  }

  /** ArrayBuffer of codes to Float32Array of samples. */
  decode(buffer) {
    return Float32Array.from(new Uint8Array(buffer), (c) => this.values[c]);
  }
}

export const CODECS = { PCMA: new Law(alawValue, alawCode), PCMU: new Law(ulawValue, ulawCode) };
