// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these break lines, or move a terminal's cursor
const breaks = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g

/** Text on one line, for a log or a mail: what was sent to us must not look like a line of ours, nor steer a terminal. */
export const oneLine = (text: string): string => text.replace(breaks, '?')
