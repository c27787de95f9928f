import type { Fault } from '#base/fault.ts'

/** When to ask again, in whole seconds, where another try may go better. */
export const retryAfter = (status: number, { particulars: { retryMs = '1000' } }: Fault): Record<string, string> =>
  status === 429 || status === 503 ? { 'retry-after': String(Math.ceil(Number(retryMs) / 1000)) } : {}
