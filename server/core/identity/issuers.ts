import { readFile } from 'node:fs/promises'
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import type { Clock, Instant } from '#base/clock.ts'
import type { FetchJson } from '#base/fetch-json.ts'

/** An issuer whose tokens may prove something here, as the operator named it. */
type ListedIssuer = {
  /** Exactly as it stands in its tokens. */
  readonly issuer: string
  /** A file with its keys, for issuers that can't be asked; undefined: its discovery document says where they are. */
  readonly jwksFile: string | undefined
}

/** Keys are asked for again after an hour, or when a token names one that isn't among them, at most once a minute. */
const keptMs = 3_600_000
const pauseMs = 60_000
/** An issuer that can't be reached is believed for a day as it last was. */
const staleMsMax = 86_400_000
const documentBytesMax = 256 * 1024
const timeoutMs = 5_000

type Keys = { readonly find: JWTVerifyGetKey; readonly at: Instant }

/** The keys of listed issuers. Nobody else is ever asked, whatever a token says of itself. */
export class IssuerBook {
  readonly #listed: ReadonlyMap<string, ListedIssuer>
  readonly #fetch: FetchJson
  readonly #clock: Clock
  readonly #keys = new Map<string, Keys>()
  readonly #asking = new Map<string, Promise<Keys>>()
  /** When each was last asked, whatever came of it. */
  readonly #asked = new Map<string, Instant>()

  constructor(listed: readonly ListedIssuer[], fetch: FetchJson, clock: Clock) {
    this.#listed = new Map(listed.map((one) => [one.issuer, one]))
    this.#fetch = fetch
    this.#clock = clock
  }

  /** How to find the key of a token of this issuer; nothing for one that isn't listed. */
  keysOf(issuer: string): JWTVerifyGetKey | undefined {
    const listed = this.#listed.get(issuer)
    if (listed === undefined) return undefined
    return async (header, token) => {
      const known = await this.#current(listed)
      try {
        return await known.find(header, token)
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey) || !this.#mayAsk(issuer)) throw error
        return (await this.#ask(listed)).find(header, token)
      }
    }
  }

  async #current(listed: ListedIssuer): Promise<Keys> {
    const known = this.#keys.get(listed.issuer)
    const age = known === undefined ? Number.POSITIVE_INFINITY : this.#clock() - known.at
    if (known !== undefined && (age < keptMs || (age < staleMsMax && !this.#mayAsk(listed.issuer)))) return known
    try {
      return await this.#ask(listed)
    } catch (error) {
      if (known !== undefined && age < staleMsMax) return known
      throw error
    }
  }

  #mayAsk(issuer: string): boolean {
    return this.#clock() - (this.#asked.get(issuer) ?? Number.NEGATIVE_INFINITY) >= pauseMs
  }

  /** Asks once, for however many wait for the answer. */
  #ask(listed: ListedIssuer): Promise<Keys> {
    const { issuer } = listed
    const under = this.#asking.get(issuer)
    if (under !== undefined) return under
    const known = this.#keys.get(issuer)
    if (known === undefined && !this.#mayAsk(issuer)) return Promise.reject(new IssuerUnreachable(issuer))
    this.#asked.set(issuer, this.#clock())
    const asking = this.#fetchKeys(listed)
      .then((keys) => {
        const made = { find: createLocalJWKSet(keys), at: this.#clock() }
        this.#keys.set(issuer, made)
        return made
      })
      .catch((cause: unknown) => {
        throw new IssuerUnreachable(issuer, cause)
      })
      .finally(() => this.#asking.delete(issuer))
    this.#asking.set(issuer, asking)
    return asking
  }

  async #fetchKeys({ issuer, jwksFile }: ListedIssuer): Promise<JSONWebKeySet> {
    if (jwksFile !== undefined) return JSON.parse(await readFile(jwksFile, 'utf8')) as JSONWebKeySet
    const limits = { bytesMax: documentBytesMax, timeoutMs }
    const home = new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
    const document = await this.#fetch(home, { ...limits, privateToo: true })
    const { issuer: said, jwks_uri } = (document ?? {}) as { issuer?: unknown; jwks_uri?: unknown }
    if (said !== issuer) throw new Error(`${home.href} speaks for another issuer`)
    const place = typeof jwks_uri === 'string' ? URL.parse(jwks_uri) : null
    if (place === null) throw new Error(`${home.href} names no keys`)
    // The operator chose the issuer's own host. Any other is the issuer's choice, and no way into a private network.
    return (await this.#fetch(place, { ...limits, privateToo: place.host === home.host })) as JSONWebKeySet
  }
}

/** The keys of a listed issuer can't be had now. */
export class IssuerUnreachable extends Error {
  constructor(issuer: string, cause?: unknown) {
    super(`The keys of ${issuer} can't be read`, { cause })
    this.name = 'IssuerUnreachable'
  }
}
