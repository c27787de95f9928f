import { record, text } from '@cardea/contract/shape'
import { jsonOf, type Reach, refusal, send } from './request.ts'

/**
 * Who asks for a token: an application by its secret. Kept as one JSON value in the vault; it names the service that the
 * tokens are for, so that no binding can have them sent to another.
 */
export type TokenSource = {
  /** The token endpoint, `https://login…/{tenant}/oauth2/v2.0/token`. */
  readonly tokenUrl: URL
  readonly clientId: string
  readonly clientSecret: string
  readonly scope: string
  /** The origin of the service that takes the tokens. */
  readonly service: string
}

const members = record({
  tokenUrl: text(),
  clientId: text(),
  clientSecret: text(),
  scope: text(),
  service: text(),
})

/** The administrator in a secret. Refuses one that is meant for another service than the binding leads to. */
export function sourceIn(value: string | undefined, name: string, target: URL): TokenSource {
  const wanted = `The secret ${name} must be JSON with tokenUrl, clientId, clientSecret, scope and service`
  let read: ReturnType<typeof members.read>
  try {
    read = members.read(JSON.parse(value ?? ''), '')
  } catch {
    throw new Error(wanted)
  }
  const tokenUrl = URL.parse(read.tokenUrl)
  if (tokenUrl === null) throw new Error(wanted)
  if (URL.parse(read.service)?.origin !== target.origin) {
    throw new Error(`The secret ${name} leads to another service than the binding, which names ${target.origin}`)
  }
  return { ...read, tokenUrl }
}

/** What came of asking for a token with a client's secret (RFC 6749, 4.4). */
export type Asked = { readonly token: string } | { readonly refused: boolean; readonly status: number }

/** Asks for a token. A refusal is an answer; whatever is no answer throws. */
export async function askToken(
  { tokenUrl, clientId, clientSecret, scope }: Omit<TokenSource, 'service'>,
  signal: AbortSignal,
  reach: Reach,
): Promise<Asked> {
  const heard = await send(
    {
      method: 'POST',
      url: tokenUrl,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
        scope,
      }).toString(),
    },
    signal,
    reach,
  )
  const answer = jsonOf(heard) as { access_token?: unknown; error?: unknown } | undefined
  if (heard.status === 200 && typeof answer?.access_token === 'string') return { token: answer.access_token }
  // RFC 6749, 5.2: the one word that says the secret itself is wrong.
  return { refused: answer?.error === 'invalid_client', status: heard.status }
}

/** The header that the service asks for. */
export async function bearer(source: TokenSource, signal: AbortSignal, reach: Reach): Promise<Record<string, string>> {
  const asked = await askToken(source, signal, reach)
  if ('token' in asked) return { authorization: `Bearer ${asked.token}` }
  throw refusal('the administrator who asked for a token', source.tokenUrl, {
    status: asked.status,
    headers: {},
    text: '',
  })
}
