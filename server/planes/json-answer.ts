import { json } from '#base/media-types.ts'
import { type Answer, Reply } from './plane.ts'

/** What every answer tells a browser that has come upon it: not to keep it, not to guess what it is, and to ask with TLS only. */
export const guarded = {
  'cache-control': 'no-cache',
  'x-content-type-options': 'nosniff',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
} as const

/** What a handler gave, as JSON under its plane's headers. What it made whole keeps its own beside them. */
export function jsonAnswer(common: Readonly<Record<string, string>>, status: number, result: unknown): Answer {
  const { answer } = result instanceof Reply ? result : new Reply(status, {}, bodyOf(status, result))
  const headers = { ...common, ...answer.headers }
  if (answer.body !== undefined && headers['content-type'] === undefined) headers['content-type'] = json
  return { ...answer, headers }
}

const bodyOf = (status: number, result: unknown): string | undefined =>
  status === 204 || result === undefined ? undefined : JSON.stringify(result)
