const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
const VALUES = new Map([...DIGITS].map((digit, value) => [digit, value]));

/** Z85 (ZeroMQ RFC 32): five digits for every four bytes; zeros are added to the last ones. */
export function formatZ85(bytes: Uint8Array): string {
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  const view = new DataView(padded.buffer);
  let text = "";
  for (let at = 0; at < padded.length; at += 4) {
    const word = view.getUint32(at);
    for (let power = 85 ** 4; power >= 1; power /= 85) text += DIGITS[Math.floor(word / power) % 85];
  }
  return text;
}

/** Throws for what formatZ85 does not give. */
export function parseZ85(text: string): Uint8Array {
  if (text.length % 5 !== 0) throw new Error(`${text.length} digits are no Z85`);
  const view = new DataView(new ArrayBuffer((text.length / 5) * 4));
  for (let at = 0; at < text.length; at += 5) {
    let word = 0;
    for (const digit of text.slice(at, at + 5)) {
      const value = VALUES.get(digit);
      if (value === undefined) throw new Error(`${JSON.stringify(digit)} is no digit of Z85`);
      word = word * 85 + value;
    }
    if (word > 0xff_ff_ff_ff) throw new Error(`${text.slice(at, at + 5)} is no Z85`);
    view.setUint32((at / 5) * 4, word);
  }
  return new Uint8Array(view.buffer);
}
