/** Bytes that JSON's grammar names (RFC 8259, section 2). A closing bracket is its opening one plus 2. */
export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const open = { object: 0x7b, array: 0x5b } as const;

export const isSpace = (c: number): boolean => c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09;
export const isDigit = (c: number): boolean => c >= 0x30 && c <= 0x39;
