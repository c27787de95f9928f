/**
 * Whether a text is of a pattern's form: `*` stands for any characters, also `/`, and `?`, where it is one, for a single
 * one. In time of the product of both lengths, whoever wrote the pattern: no expression that a stranger could make slow.
 */
export function matches(pattern: string, text: string, single?: '?'): boolean {
  let [at, place] = [0, 0]
  let [star, tried] = [-1, 0]
  while (place < text.length) {
    const letter = pattern[at]
    if (letter === '*') {
      star = at
      tried = place
      at += 1
    } else if (letter !== undefined && (letter === text[place] || (letter === '?' && single === '?'))) {
      at += 1
      place += 1
    } else if (star >= 0) {
      at = star + 1
      tried += 1
      place = tried
    } else return false
  }
  while (pattern[at] === '*') at += 1
  return at === pattern.length
}
