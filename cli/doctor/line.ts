/** One thing that was looked at: how it stands, and what to do where it doesn't stand well. */
export type Line = {
  readonly state: 'ok' | 'warn' | 'fail'
  readonly about: string
  readonly says: string
  readonly next?: string
}

/** What went wrong, in words. */
export function wordsOf(error: unknown): { says: string; next?: string } {
  const says = error instanceof Error ? error.message : String(error)
  const hint = (error as { hint?: unknown }).hint
  return typeof hint === 'string' ? { says, next: hint } : { says }
}
