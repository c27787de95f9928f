/** So many requests are under way at once: enough to fill the line, too few to be a burden. */
const atOnce = 8

/** Does something with each, several at a time, and gives the results in order. */
export async function eachOf<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array(all.length)
  const left = all.entries()
  const runner = async (): Promise<void> => {
    for (const [at, one] of left) results[at] = await work(one)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, all.length) }, runner))
  return results
}
