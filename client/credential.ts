import { ConfigurationError } from './errors.ts'
import { type AccessToken, credentialOver, type TokenCredential, tokensOf } from './tokens.ts'
import { type Answer, objectIn, openTransport, refusal, type Transport, type TransportOptions } from './transport.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The identity that the environment describes: a client secret (`AZURE_TENANT_ID`, `AZURE_CLIENT_ID`,
 * `AZURE_CLIENT_SECRET`, `AZURE_AUTHORITY_HOST`), else a managed identity (`IDENTITY_ENDPOINT` with `IDENTITY_HEADER`, or
 * `AZURE_POD_IDENTITY_AUTHORITY_HOST`). Tokens are kept until shortly before they expire.
 */
export function environmentCredential(options: TransportOptions = {}): TokenCredential {
  return credentialFrom(options.env ?? process.env, openTransport(options))
}

/** The same, over a transport that is already there. */
export function credentialFrom(env: Environment, transport: Transport): TokenCredential {
  const fetchToken = env.AZURE_CLIENT_SECRET ? clientSecret(env, transport) : managedIdentity(env, transport)
  return credentialOver(tokensOf({ getToken: (scopes) => fetchToken(String(scopes)) }))
}

type FetchToken = (scope: string) => Promise<AccessToken>

function clientSecret(env: Environment, transport: Transport): FetchToken {
  const missing = ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID'].filter((name) => !env[name])
  if (missing.length > 0) {
    throw new ConfigurationError('invalid', `AZURE_CLIENT_SECRET is set, but ${missing.join(' and ')} is not.`)
  }
  const host = (env.AZURE_AUTHORITY_HOST ?? 'https://login.microsoftonline.com').replace(/\/+$/, '')
  if (!host.startsWith('https://')) {
    throw new ConfigurationError('invalid', 'AZURE_AUTHORITY_HOST must begin with https://; a secret is sent there.')
  }
  const url = new URL(`${host}/${encodeURIComponent(env.AZURE_TENANT_ID ?? '')}/oauth2/v2.0/token`)
  return async (scope) => {
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: env.AZURE_CLIENT_ID ?? '',
      client_secret: env.AZURE_CLIENT_SECRET ?? '',
      scope,
    })
    const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' }
    return tokenIn(url, await transport.send({ url, method: 'POST', headers, body: body.toString() }))
  }
}

function managedIdentity(env: Environment, transport: Transport): FetchToken {
  const ask = (address: string, version: string, headers: Record<string, string>): FetchToken => {
    if (!URL.canParse(address)) throw new ConfigurationError('invalid', 'The managed identity endpoint is not a URL.')
    return async (scope) => {
      const url = new URL(address)
      url.searchParams.set('api-version', version)
      url.searchParams.set('resource', scope.replace(/\/\.default$/, ''))
      if (env.AZURE_CLIENT_ID) url.searchParams.set('client_id', env.AZURE_CLIENT_ID)
      return tokenIn(url, await transport.send({ url, headers }))
    }
  }
  if (env.IDENTITY_ENDPOINT && env.IDENTITY_HEADER) {
    return ask(env.IDENTITY_ENDPOINT, '2019-08-01', { 'x-identity-header': env.IDENTITY_HEADER })
  }
  if (env.AZURE_POD_IDENTITY_AUTHORITY_HOST) {
    const host = env.AZURE_POD_IDENTITY_AUTHORITY_HOST.replace(/\/+$/, '')
    return ask(`${host}/metadata/identity/oauth2/token`, '2018-02-01', { metadata: 'true' })
  }
  throw new ConfigurationError(
    'invalid',
    'The environment describes no identity: set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, ' +
      'or IDENTITY_ENDPOINT and IDENTITY_HEADER, or AZURE_POD_IDENTITY_AUTHORITY_HOST, or pass a credential.',
  )
}

function tokenIn(url: URL, answer: Answer): AccessToken {
  if (answer.status !== 200) {
    const error = refusal(url, answer)
    // What a token service refuses is always who is asking, never what is wanted; and an identity may be on its way.
    if (![400, 401, 403, 404].includes(answer.status)) throw error
    throw new ConfigurationError('unauthenticated', error.message, { status: answer.status })
  }
  const { access_token: token, expires_in: lives, expires_on: until } = objectIn(url, answer.body)
  const expires = lives !== undefined ? Date.now() + Number(lives) * 1000 : Number(until) * 1000
  if (typeof token !== 'string' || token === '' || !Number.isFinite(expires)) {
    throw new ConfigurationError('malformed', `${url.host} answered without a token.`)
  }
  return { token, expiresOnTimestamp: expires }
}
