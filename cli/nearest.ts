/** The word that somebody may have meant: the nearest one, if it is near at all. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  const [best] = words
    .map((known) => ({ known, away: distance(word, known) }))
    .filter(({ known, away }) => away <= Math.max(1, Math.floor(Math.min(word.length, known.length) / 3)))
    .sort((a, b) => a.away - b.away)
  return best?.known
}

/** How many letters must be put in, left out, exchanged, or swapped with their neighbour. */
function distance(one: string, other: string): number {
  const rows = [Array.from({ length: other.length + 1 }, (_, at) => at)]
  for (let i = 1; i <= one.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= other.length; j += 1) {
      const exchanged = rows[i - 1]![j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1)
      const swapped =
        i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]
          ? rows[i - 2]![j - 2]! + 1
          : exchanged
      row.push(Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, exchanged, swapped))
    }
    rows.push(row)
  }
  return rows[one.length]![other.length]!
}

/** What other tools call what ours do; of several, the first that there is. */
const alsoCalled: readonly (readonly [words: readonly string[], verbs: readonly string[]])[] = [
  [['get', 'read', 'cat', 'print', 'view', 'status'], ['show']],
  [['ls', 'all'], ['list']],
  [['history', 'log'], ['versions']],
  [
    ['update', 'change', 'modify'],
    ['edit', 'set'],
  ],
  [
    ['put', 'create', 'add', 'new', 'write', 'make', 'set'],
    ['set', 'bind', 'create', 'add', 'assign'],
  ],
  [
    ['grant', 'give'],
    ['assign', 'add'],
  ],
  [
    ['revoke', 'take'],
    ['unassign', 'remove'],
  ],
  [
    ['rm', 'remove', 'del', 'delete', 'drop'],
    ['delete', 'unbind', 'unassign', 'remove'],
  ],
  [['destroy'], ['purge']],
  [['restore', 'undelete'], ['recover']],
]
const reading = ['show', 'list', 'versions']

/** The verb that a word stands for, else the nearest; somebody who wants to read is never led to what writes. */
export function nearestVerb(word: string, verbs: readonly string[]): string | undefined {
  const entries = alsoCalled.filter(([words, meant]) => words.includes(word) || meant.includes(word))
  if (entries.length === 0) return nearest(word, verbs)
  const meant = entries.flatMap(([, meant]) => meant)
  return (
    meant.find((verb) => verbs.includes(verb)) ??
    (meant.some((verb) => reading.includes(verb)) ? reading.find((verb) => verbs.includes(verb)) : undefined)
  )
}
