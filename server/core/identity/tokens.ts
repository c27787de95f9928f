import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import {
  compactVerify,
  decodeProtectedHeader,
  errors,
  exportJWK,
  type JWK,
  type JWTVerifyGetKey,
  jwtVerify,
  SignJWT,
} from 'jose'
import { type Instant, inSeconds } from '#base/clock.ts'
import type { Database, Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import { scheduleAt } from '#core/schedule/schedule.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import type { Caller } from './caller.ts'
import { directoryKey } from './directory.ts'
import { addSigningKey, dropRetiredKeys, signingKeys } from './identity-rows.ts'
import type { Principal } from './principal.ts'
import { tokenLifeSecondsMax, tokenLifeSecondsUsual } from './token-life.ts'

/**
 * Access tokens: JWTs signed with RS256 by keys of our own, which rotate. A new key is published a day before it signs,
 * and an old one stays published until the last token that it signed has expired.
 */
const keySignsMs = 30 * 86_400_000
const keyShownBeforeMs = 86_400_000
/** Clocks of clients may differ by this much. */
const skewSeconds = 300
/** The kind of the rotation of signing keys in the due-index. */
export const signingKeyRotation = 'signing-key'

type SigningKey = {
  readonly kid: string
  readonly publicJwk: JWK
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
  readonly signsFrom: Instant
  readonly retires: Instant
}

/** Makes the next signing key, forgets those that have retired, and says when to do so again. */
export async function rotateSigningKey(turn: Turn, keyring: Keyring, pair: KeyPair): Promise<Instant> {
  const { sql, at } = turn
  const before = await signingKeys(sql)
  // After a long sleep there may be none left that is published for another day, and a clock that was set back may know of none
  // yet that signs: then the new one signs at once.
  const covered = before.some(
    (key) => key.signsFrom <= at && key.retires > at + keyShownBeforeMs + (tokenLifeSecondsMax + skewSeconds) * 1000,
  )
  const signsFrom = covered ? at + keyShownBeforeMs : at
  const kid = randomUUID().replaceAll('-', '')
  const publicJwk = { ...(await exportJWK(pair.publicKey)), kid, use: 'sig', alg: 'RS256' }
  const sealed = await keyring.seal(
    sql,
    directoryKey,
    pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    placeOf(kid),
  )
  const retires = signsFrom + keySignsMs + keyShownBeforeMs + (tokenLifeSecondsMax + skewSeconds) * 1000
  await addSigningKey(sql, { kid, publicJwk: JSON.stringify(publicJwk), sealed, created: at, signsFrom, retires })
  await dropRetiredKeys(sql, at)
  turn.changeAccess()
  return signsFrom + keySignsMs - keyShownBeforeMs
}

/** The first signing key of an installation. */
export async function foundSigningKey(turn: Turn, keyring: Keyring, pair: KeyPair): Promise<void> {
  await scheduleAt(turn, signingKeyRotation, 'tenant', await rotateSigningKey(turn, keyring, pair))
}

export type KeyPair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject }
/** An RSA key pair of 2048 bits, made on the thread pool. */
export const newKeyPair = (): Promise<KeyPair> => promisify(generateKeyPair)('rsa', { modulusLength: 2048 })

const placeOf = (kid: string): string => `signing-key/${kid}`

type Minter = { readonly tenant: string; readonly issuer: string; readonly lifeSeconds?: number }

/** More verified tokens than this aren't remembered; the oldest go first. */
const tokensMax = 10_000
type Verified = {
  readonly token: string
  readonly caller: Caller
  readonly audience: string
  readonly expires: Instant
}

/** What an access token says: who may act, by what application, and on what it rests. */
type Minting = {
  readonly principal: Principal
  /** Repeated as it was asked for. */
  readonly audience: string
  /** On whose word it is made, and with what it ends; see `standing.ts`. A managed identity's on nobody else's. */
  readonly credential?: string
  /** For a person: the application that acts for them, the name they sign in with, and the session, with its end. */
  readonly person?: Person
  /** For a managed identity that belongs to a resource. */
  readonly resourceId?: string
}
type Person = {
  readonly client: string
  readonly signInName: string
  readonly session: string
  readonly ends: Instant
}

/** What an id token says of a person, to the application that asked. */
type Introduction = { readonly principal: Principal; readonly person: Person; readonly nonce?: string }

/** Makes tokens and verifies them, by the signing keys that are kept; what it remembers counts for as long as the epoch stands. */
export class TokenBook {
  readonly #database: Database<never>
  readonly #keyring: Keyring
  readonly #tenant: string
  readonly issuer: string
  readonly lifeSeconds: number
  #epoch = -1
  #keys: readonly SigningKey[] = []
  #making: Promise<Instant> | undefined
  /** By the last characters of the signature, then compared whole: hashing a token costs four times as much. */
  readonly #verified = new Map<string, Verified>()

  constructor(
    database: Database<never>,
    keyring: Keyring,
    { tenant, issuer, lifeSeconds = tokenLifeSecondsUsual }: Minter,
  ) {
    this.#database = database
    this.#keyring = keyring
    this.#tenant = tenant
    this.issuer = issuer
    this.lifeSeconds = lifeSeconds
  }

  async #current(): Promise<readonly SigningKey[]> {
    if (this.#database.epoch === this.#epoch && this.#keys.length > 0) return this.#keys
    const { epoch } = this.#database
    this.#keys = await Promise.all(
      (await signingKeys(this.#database.read)).map(async ({ kid, publicJwk, sealed, signsFrom, retires }) => {
        const pem = await this.#keyring.unseal(this.#database.read, directoryKey, sealed, placeOf(kid))
        const privateKey = createPrivateKey(pem)
        return {
          kid,
          publicJwk: JSON.parse(publicJwk),
          publicKey: createPublicKey(privateKey),
          privateKey,
          signsFrom,
          retires,
        }
      }),
    )
    this.#verified.clear()
    this.#epoch = epoch
    return this.#keys
  }

  /** The public keys that verify our tokens, as a JWK Set (RFC 7517). */
  async keySet(at: Instant): Promise<{ keys: JWK[] }> {
    return { keys: (await this.#current()).filter(({ retires }) => at < retires).map(({ publicJwk }) => publicJwk) }
  }

  /** An access token. */
  mint({ principal, audience, credential, person, resourceId }: Minting, at: Instant): Promise<string> {
    const appId = person?.client ?? principal.appId
    return this.#sign(
      {
        oid: principal.objectId,
        sub: principal.objectId,
        appid: appId,
        azp: appId,
        tid: this.#tenant,
        ver: '1.0',
        uti: randomUUID(),
        ...(credential !== undefined && { crd: credential }),
        ...(resourceId !== undefined && { xms_mirid: resourceId }),
        ...(person === undefined
          ? { idtyp: 'app' }
          : {
              idtyp: 'user',
              scp: 'user_impersonation',
              name: principal.name,
              upn: person.signInName,
              unique_name: person.signInName,
              sid: person.session,
            }),
      },
      audience,
      at,
      person?.ends,
    )
  }

  /** An id token: it tells an application who signed in, and opens nothing. */
  introduce({ principal, person, nonce }: Introduction, at: Instant): Promise<string> {
    return this.#sign(
      {
        oid: principal.objectId,
        sub: principal.objectId,
        tid: this.#tenant,
        ver: '2.0',
        name: principal.name,
        preferred_username: person.signInName,
        upn: person.signInName,
        sid: person.session,
        ...(nonce !== undefined && { nonce }),
      },
      person.client,
      at,
      person.ends,
    )
  }

  /** How long a token lives that is made now: not beyond the end of what it rests on. */
  secondsFrom(at: Instant, ends = Number.POSITIVE_INFINITY): number {
    return Math.min(this.lifeSeconds, Math.max(0, inSeconds(ends) - inSeconds(at)))
  }

  async #sign(claims: Record<string, string>, audience: string, at: Instant, ends?: Instant): Promise<string> {
    const key = await this.#signingKey(at)
    const now = inSeconds(at)
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: key.kid })
      .setIssuer(this.issuer)
      .setAudience(audience)
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(now + this.secondsFrom(at, ends))
      .sign(key.privateKey)
  }

  /** The newest key that signs now, and is published for as long as what it signs may be used. */
  async #signingKey(at: Instant): Promise<SigningKey> {
    const find = async (now: Instant): Promise<SigningKey | undefined> =>
      (await this.#current())
        .filter(
          ({ signsFrom, retires }) => signsFrom <= now && retires >= now + (this.lifeSeconds + skewSeconds) * 1000,
        )
        .at(-1)
    const known = await find(at)
    if (known !== undefined) return known
    // The clock leapt over all keys, and the worker that makes them hasn't woken yet: one is made for however many ask.
    this.#making ??= this.#makeKey(() => find(at)).finally(() => {
      this.#making = undefined
    })
    // It signs from the turn in which it was made, which is later than this was asked.
    const made = await find(Math.max(at, await this.#making))
    if (made === undefined)
      throw new Fault('unavailable', 'No key may sign tokens now: the clocks of this node and the database disagree.')
    return made
  }

  /** Makes a key unless somebody else has meanwhile, and says when that was. */
  async #makeKey(find: () => Promise<SigningKey | undefined>): Promise<Instant> {
    const pair = await newKeyPair()
    return this.#database.write(async (turn) => {
      if ((await find()) === undefined) await rotateSigningKey(turn, this.#keyring, pair)
      return turn.at
    })
  }

  /**
   * Who bears this token. Whether the principal is still enabled, and the credential or session that the token was made on
   * still stands, is asked with its permission; here only whether we made the token, for one of these audiences, and whether it is within its time.
   * Throws `unauthenticated` with why.
   */
  verify(token: string, audiences: (audience: string) => boolean, at: Instant): Caller | Promise<Caller> {
    if (this.#database.epoch === this.#epoch) {
      const known = this.#verified.get(token.slice(-43))
      if (known !== undefined && known.token === token) return fit(known, audiences, at)
    }
    return this.#verifyAnew(token, at).then((verified) => fit(verified, audiences, at))
  }

  /** How to find the key of a token of our own, for whoever verifies it as any issuer's. */
  keysAt(at: Instant): JWTVerifyGetKey {
    return async ({ kid }) => {
      const key = (await this.#current()).find((candidate) => candidate.kid === kid && at < candidate.retires)
      if (key === undefined) throw new errors.JWKSNoMatchingKey()
      return key.publicKey
    }
  }

  /** The session that one of our id tokens names, expired or not: who signs out may have been away for long. */
  async sessionNamedIn(idToken: string): Promise<string | undefined> {
    const keys = await this.#current()
    const keyFor = ({ kid }: { kid?: string }) => {
      const key = keys.find((candidate) => candidate.kid === kid)
      if (key === undefined) throw new errors.JWKSNoMatchingKey()
      return key.publicKey
    }
    try {
      const { payload } = await compactVerify(idToken, keyFor, { algorithms: ['RS256'] })
      const { iss, sid } = JSON.parse(Buffer.from(payload).toString('utf8')) as Record<string, unknown>
      return iss === this.issuer && typeof sid === 'string' ? sid : undefined
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined
      throw error
    }
  }

  async #verifyAnew(token: string, at: Instant): Promise<Verified> {
    const { payload } = await jwtVerify(token, this.keysAt(at), {
      algorithms: ['RS256'],
      issuer: this.issuer,
      currentDate: new Date(at),
      clockTolerance: skewSeconds,
    }).catch((cause: unknown) => {
      throw refusal(cause, token)
    })
    const { oid, appid, tid, aud, exp, crd } = payload as Record<string, unknown>
    if (typeof oid !== 'string' || typeof appid !== 'string' || typeof aud !== 'string' || typeof exp !== 'number') {
      throw new Fault('unauthenticated', '[BearerReadAccessTokenFailed] Error validating token: a claim is missing.')
    }
    if (tid !== this.#tenant)
      throw new Fault('unauthenticated', 'AKV10032: Invalid issuer: the token is of another tenant.')
    const verified = {
      token,
      caller: {
        objectId: oid,
        appId: appid,
        expires: (exp + skewSeconds) * 1000,
        ...(typeof crd === 'string' && { credential: crd }),
      },
      audience: aud,
      expires: (exp + skewSeconds) * 1000,
    }
    if (this.#verified.size >= tokensMax) this.#verified.delete(this.#verified.keys().next().value as string)
    this.#verified.set(token.slice(-43), verified)
    return verified
  }
}

function fit({ caller, audience, expires }: Verified, audiences: (audience: string) => boolean, at: Instant): Caller {
  if (at >= expires) throw expired()
  if (!audiences(audience)) {
    throw new Fault('unauthenticated', `AKV10022: Invalid audience. Found: ${audience.slice(0, 256)}.`)
  }
  return caller
}

const expired = (cause?: unknown): Fault =>
  new Fault('unauthenticated', "[TokenExpired] Error validating token: 'S2S12086'.", {}, { cause })

/** Key Vault's words for each way in which a token can fail: people look for its codes (`AKV10022` …) when they see one. */
function refusal(cause: unknown, token: string): Fault {
  if (cause instanceof errors.JWTExpired) return expired(cause)
  if (cause instanceof errors.JWKSNoMatchingKey) {
    return new Fault(
      'unauthenticated',
      `AKV10046: Unable to resolve the key used for signature validation.${headerOf(token)}`,
      {},
      { cause },
    )
  }
  if (cause instanceof errors.JWTClaimValidationFailed && cause.claim === 'iss') {
    return new Fault('unauthenticated', 'AKV10032: Invalid issuer.', {}, { cause })
  }
  return new Fault('unauthenticated', '[BearerReadAccessTokenFailed] Error validating token.', {}, { cause })
}

function headerOf(token: string): string {
  try {
    const { alg, kid } = decodeProtectedHeader(token)
    return ` Algorithm: ${String(alg).slice(0, 16)}, key: ${String(kid).slice(0, 64)}.`
  } catch {
    return ''
  }
}
