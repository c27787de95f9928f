/**
 * The lines of `authorized_keys` (sshd(8)): options, if any, a kind of key, the key, and a comment. Only the lines of the
 * key in question are ever added or taken away; all others stay as they are, byte for byte.
 */

/** With a line of ours that lets a key in; as it was where the key is let in already. */
export function withKey(text: string, blob: string, line: string): string {
  if (linesOf(text).some((one) => blobIn(one) === blob)) return text
  const whole = text === '' || text.endsWith('\n') ? text : `${text}\n`
  return `${whole}${line}\n`
}

/** Without any line that lets a key in. */
export const withoutKey = (text: string, blob: string): string =>
  linesOf(text)
    .filter((line) => blobIn(line) !== blob)
    .join('')

const linesOf = (text: string): string[] => text.split(/(?<=\n)/)
const isKind = (word: string | undefined): boolean => word !== undefined && /^(ssh|ecdsa|sk-ssh|sk-ecdsa)-/.test(word)

/** The key of a line. What stands in quotes is one word, whatever it looks like. */
function blobIn(line: string): string | undefined {
  const words = wordsOf(line)
  if (words[0]?.startsWith('#')) return undefined
  if (isKind(words[0])) return words[1]
  return isKind(words[1]) ? words[2] : undefined
}

/** Words, as sshd parts them: a quote begins or ends what blanks don't part, and `\"` is no quote. */
export const wordsOf = (line: string): string[] => line.trim().match(/(?:\\"|"(?:\\"|[^"])*(?:"|$)|[^\s"])+/g) ?? []
