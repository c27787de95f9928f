/** The most characters of an expression, and how often it may say "any number of". */
const lengthMax = 200
const repeatsMax = 2

/** One character, a class of them, or an escaped one; each may be followed by how often it stands. */
const atom = String.raw`(?:[A-Za-z0-9_ .^$|-]|\\[dDwWsSbB.\-^$|()[\]{}*+?\\]|\[\^?(?:[A-Za-z0-9_. -]|\\[dDwWsS.\-\]\\])+\])`
const form = new RegExp(String.raw`^(?:${atom}(?:[*+?]|\{\d{1,3}\})?|\((?:\?:)?|\)(?![*+?{]))*$`)

/**
 * A regular expression that a stranger wrote, if it is one that can't take long: no repeated groups, no references, and
 * few repetitions, so that the time it takes for a name stays small. Undefined for any other.
 */
export function expressionFrom(text: string, cased = false): RegExp | undefined {
  if (text.length === 0 || text.length > lengthMax || !form.test(text)) return undefined
  const repeats = text.match(/(?<!\\)[*+]/g)?.length ?? 0
  if (repeats > repeatsMax) return undefined
  try {
    return new RegExp(text, cased ? '' : 'i')
  } catch {
    return undefined
  }
}
