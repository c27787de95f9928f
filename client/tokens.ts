import { ConfigurationError } from './errors.ts'

/** Who the program is. Anything with this method will do: ours, or one of `@azure/identity`. */
export type TokenCredential = {
  getToken(scopes: string | string[], options?: { tenantId?: string }): Promise<AccessToken | null>
}
export type AccessToken = { token: string; expiresOnTimestamp: number }

/** Tokens that are at hand: one per scope and tenant, renewed before they expire, asked for once however many wait. */
export type Tokens = {
  get(scope: string, tenantId?: string): Promise<AccessToken>
  /** The service refused this one; the next `get` asks for another. */
  forget(scope: string, token: string, tenantId?: string): void
}

const renewMsBefore = 5 * 60_000
/** After a renewal in the background failed, the token that is still good serves on for so long before the next try. */
const renewMsPause = 5_000

type Kept = AccessToken & { readonly renewAt: number }

const placeOf = (scope: string, tenantId: string | undefined): string => `${tenantId ?? ''} ${scope}`

/** A credential of ours keeps its tokens itself; a second store of them would hand out what the first has forgotten. */
const known = new WeakMap<TokenCredential, Tokens>()

/** A credential over tokens, so that whoever asks for them shares them. */
export function credentialOver(tokens: Tokens): TokenCredential {
  const credential: TokenCredential = { getToken: (scopes, options) => tokens.get(String(scopes), options?.tenantId) }
  known.set(credential, tokens)
  return credential
}

/** The tokens of a credential: kept here, or by the credential itself where it is one of ours. */
export function tokensOf(credential: TokenCredential): Tokens {
  const own = known.get(credential)
  if (own) return own
  const kept = new Map<string, Kept>()
  const flights = new Map<string, Promise<AccessToken>>()

  async function fetch(scope: string, tenantId: string | undefined): Promise<AccessToken> {
    const asked = Date.now()
    const token = await credential.getToken(scope, tenantId === undefined ? {} : { tenantId })
    if (!token?.token) throw new ConfigurationError('unauthenticated', `The credential gives no token for ${scope}.`)
    const lives = token.expiresOnTimestamp - asked
    kept.set(placeOf(scope, tenantId), {
      ...token,
      renewAt: token.expiresOnTimestamp - Math.min(renewMsBefore, lives / 5),
    })
    return token
  }

  function renew(scope: string, tenantId: string | undefined): Promise<AccessToken> {
    const place = placeOf(scope, tenantId)
    const flight = flights.get(place) ?? fetch(scope, tenantId).finally(() => flights.delete(place))
    flights.set(place, flight)
    return flight
  }

  return {
    async get(scope, tenantId) {
      const place = placeOf(scope, tenantId)
      const known = kept.get(place)
      const now = Date.now()
      if (!known || now >= known.expiresOnTimestamp) return renew(scope, tenantId)
      if (now >= known.renewAt) {
        kept.set(place, { ...known, renewAt: now + renewMsPause })
        renew(scope, tenantId).catch(() => {}) // The token at hand is good; if none comes in time, `get` will say so.
      }
      return known
    },
    forget(scope, token, tenantId) {
      const place = placeOf(scope, tenantId)
      if (kept.get(place)?.token === token) kept.delete(place)
    },
  }
}
