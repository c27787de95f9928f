const first = 60
const most = 2_000

/**
 * How long to wait between two looks at something that goes on: hardly, while it moves, and up to two seconds while it
 * stands still. Each look is kept in the journal, and what waits for a straggler may do so for a day.
 */
export function pace(): (seen: unknown) => number {
  let [ms, before] = [first, '']
  return (seen) => {
    const now = JSON.stringify(seen)
    ms = now === before ? Math.min(ms * 1.5, most) : first
    before = now
    return ms
  }
}
