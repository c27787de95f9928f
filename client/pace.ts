import { ConfigurationError } from './errors.ts'

/** When to try again. Everything here is jittered, so that a thousand programs don't knock in the same instant. */
export type Pace = { readonly firstMs: number; readonly mostMs: number }

/** A span, more or less by `share`. */
export const jittered = (ms: number, share = 0.1, random = Math.random): number =>
  ms * (1 - share + 2 * share * random())

/** The pause after the `attempt`th failure (from 0): doubling, bounded, and never sooner than the service asked for. */
export function pauseMs(attempt: number, pace: Pace, retryAfterMs = 0, random = Math.random): number {
  const doubled = Math.min(pace.mostMs, pace.firstMs * 2 ** Math.min(attempt, 30))
  // A wish of the service is a least, so its jitter only adds.
  return Math.max(jittered(doubled, 0.25, random), retryAfterMs * (1 + 0.1 * random()))
}

/** The longest that a Node timer can wait; a longer one would fire at once. */
const timerMsMax = 2 ** 31 - 1

/** A timer that keeps the process alive. An infinite one never fires. */
const timer = (ms: number, run: () => void): NodeJS.Timeout | undefined =>
  ms === Number.POSITIVE_INFINITY ? undefined : setTimeout(run, Math.min(ms, timerMsMax))

/** A timer that doesn't keep the process alive. An infinite one never fires. */
export const later = (ms: number, run: () => void): NodeJS.Timeout | undefined => timer(ms, run)?.unref()

/** Waits; an abort ends the wait by rejecting with its reason. What runs unasked doesn't keep the process alive. */
export const sleep = (ms: number, signal?: AbortSignal, keepAlive = true): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const abort = () => {
      clearTimeout(waiting)
      reject(signal?.reason)
    }
    const waiting = timer(ms, () => {
      signal?.removeEventListener('abort', abort)
      resolve()
    })
    if (!keepAlive) waiting?.unref()
    signal?.addEventListener('abort', abort, { once: true })
  })

/** Waits for the work, but no longer than this; the work itself goes on. Tells whether it was done in time. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<boolean> {
  let waiting: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    waiting = timer(ms, () => resolve(false))
  })
  try {
    return await Promise.race([work.then(() => true), late])
  } finally {
    clearTimeout(waiting)
  }
}

/** A bounded number of callers at a time; the others wait in line. */
export function turnstile(places: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let free = places
  return async (work) => {
    if (free > 0) free -= 1
    else await new Promise<void>((enter) => waiting.push(enter))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free += 1
    }
  }
}

/** A span given by the program: a number of milliseconds not under `least`, or Infinity for never. */
export function span(name: string, ms: number, least: number): number {
  if (typeof ms === 'number' && ms >= least) return ms
  throw new ConfigurationError('invalid', `${name} must be at least ${least} ms.`)
}
