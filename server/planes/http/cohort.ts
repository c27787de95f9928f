let underWay: Promise<void> | undefined

/**
 * Resolves when all that arrived with this request has been taken in. Those who wait for it go on together, step by step: what
 * one needs next is still in the processor's caches from the one before (decision 034; measured in docs/performance.md).
 */
export const allArrived = (): Promise<void> => {
  underWay ??= new Promise((resolve) => {
    setImmediate(() => {
      underWay = undefined
      resolve()
    })
  })
  return underWay
}
