/** A write of one writer, and a reading by anybody; times in milliseconds of one clock. */
export type Writing = { readonly began: number; readonly ended: number; readonly value: boolean }
export type Reading = Writing

/**
 * The first reading that fits no order of what happened, or undefined. One writer writes one after the other; a reading may
 * take effect at any moment between its beginning and its end, so it sees a write that was answered before it began, or
 * one that was under way, and never an older one than a reading that ended before it began (linearizability of a
 * register, Herlihy and Wing 1990). Giving each reading the oldest write that fits is enough: if that fails, all do.
 */
export function firstContradiction(writings: readonly Writing[], readings: readonly Reading[]): Reading | undefined {
  const inOrder = [...readings].sort((a, b) => a.began - b.began)
  const byEnd: { ended: number; seen: number }[] = []
  for (const reading of inOrder) {
    const answered = writings.findLastIndex(({ ended }) => ended < reading.began)
    const begun = writings.findLastIndex(({ began }) => began <= reading.ended)
    const before = byEnd.reduce((most, { ended, seen }) => (ended < reading.began ? Math.max(most, seen) : most), 0)
    let seen = Math.max(answered, before, 0)
    while (seen <= begun && writings[seen]?.value !== reading.value) seen += 1
    if (seen > begun) return reading
    byEnd.push({ ended: reading.ended, seen })
  }
  return undefined
}
