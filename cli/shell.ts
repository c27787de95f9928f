/** A word as every POSIX shell reads it back. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** The same, without quotes where none are needed. */
export const shellWord = (text: string): string => (/^[\w./-]+$/.test(text) ? text : quoted(text))
