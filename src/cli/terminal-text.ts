/**
 * Text that no terminal obeys: control characters other than line ends and tabs, and those that turn the direction of
 * writing, become `\u001b` and the like. JSON stays the same JSON.
 */
export const terminalText = (text: string): string =>
  text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
