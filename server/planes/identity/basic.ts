import type { Call } from '../plane.ts'
import { Refusal } from './refusal.ts'

/**
 * An application's id and secret in the header of HTTP's own authentication, as if they stood in the form
 * (RFC 6749 2.3.1). Both ways at once are refused: nobody could say which of them counts.
 */
export function withBasic(form: URLSearchParams, { headers }: Call): URLSearchParams {
  const given = headers.authorization
  if (typeof given !== 'string' || !/^basic /i.test(given)) return form
  const [, id, secret] = /^([^:]+):(.+)$/.exec(Buffer.from(given.slice(6), 'base64').toString('utf8')) ?? []
  if (id === undefined || secret === undefined) throw malformed()
  if (form.has('client_secret') || form.has('client_assertion'))
    throw new Refusal(400, 'invalid_request', 900144, 'An application proves itself in one way only.')
  const appId = decoded(id)
  if ((form.get('client_id') ?? appId).toLowerCase() !== appId.toLowerCase()) throw malformed()
  form.set('client_id', appId)
  form.set('client_secret', decoded(secret))
  return form
}

const malformed = (): Refusal =>
  new Refusal(
    401,
    'invalid_client',
    7000218,
    'The Authorization header doesn’t hold the application’s id and a secret.',
  )

/** Both parts are encoded as in a form before they are joined. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw malformed()
  }
}
