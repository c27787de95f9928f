import { type Challenge, challengeFrom } from './authorization.ts'
import { ConfigurationError } from './errors.ts'
import { addressOf, type Reference } from './reference.ts'
import type { Tokens } from './tokens.ts'
import { type Answer, objectIn, type Request, refusal, type Transport } from './transport.ts'

/** A secret as it was read: a version's value never changes. */
export type Secret = { readonly value: string; readonly version: string }

const apiVersion = '7.4'
const secretBytesMax = 256 * 1024
/** Azure has no path for reports, and says so in one of these ways. */
const unknownPath = [404, 405, 501]
const secretName = /^[0-9a-z-]{1,127}$/i

/**
 * Whether a vault has said that it won't give a secret: it isn't there, it is disabled, it isn't for this application, or
 * there can be no such secret. That passes only if somebody does something; every other error may pass by itself.
 */
export const refuses = ({ code, status }: ConfigurationError): boolean =>
  code === 'not-found' || code === 'forbidden' || (code === 'refused' && status === 400)

/** Reads one vault's secrets, the way Key Vault's clients do: asked for the challenge first, without token or body. */
export class Vault {
  readonly #origin: URL
  readonly #transport: Transport
  readonly #tokens: Tokens
  #challenge: Challenge | undefined

  constructor(origin: string, transport: Transport, tokens: Tokens) {
    this.#origin = new URL(origin)
    this.#transport = transport
    this.#tokens = tokens
  }

  /** The secret that a reference means: its latest version, or the one it pins. */
  async secret(reference: Reference, signal?: AbortSignal): Promise<Secret> {
    const { name, version } = reference
    const url = new URL(`/secrets/${name}/${version ?? ''}?api-version=${apiVersion}`, this.#origin)
    const answer = await this.#send({ url, signal, maxBytes: secretBytesMax, headers: { accept: 'application/json' } })
    if (answer.status !== 200) throw refusal(url, answer, addressOf(reference))
    const { value, id } = objectIn(url, answer.body)
    const said = /\/secrets\/([0-9a-z-]+)\/([0-9a-z]+)$/i.exec(typeof id === 'string' ? id : '')
    // Not one byte is taken from an answer about another secret, or about none.
    if (typeof value !== 'string' || !said || said[1]?.toLowerCase() !== name.toLowerCase()) {
      throw new ConfigurationError('malformed', `${url.host} answered something that isn't the secret ${name}.`)
    }
    if (version !== undefined && said[2]?.toLowerCase() !== version.toLowerCase()) {
      throw new ConfigurationError('malformed', `${url.host} answered another version of the secret ${name}.`)
    }
    return { value, version: said[2] ?? '' }
  }

  /**
   * Says what an instance runs on now. Gives the names of secrets of which nothing was kept, since it may not read them;
   * nothing at all where there is no such path: only Cardea has it.
   */
  async report(instance: string, body: unknown, signal?: AbortSignal): Promise<readonly string[] | undefined> {
    const url = new URL(`/.cardea/consumers/${encodeURIComponent(instance)}`, this.#origin)
    const headers = { 'content-type': 'application/json' }
    const answer = await this.#send({ url, method: 'PUT', signal, headers, body: JSON.stringify(body) })
    if (unknownPath.includes(answer.status)) return undefined
    if (answer.status !== 200) throw refusal(url, answer)
    const { unreadable } = objectIn(url, answer.body)
    return Array.isArray(unreadable) ? unreadable.filter((name) => secretName.test(name)) : []
  }

  async #send(request: Request): Promise<Answer> {
    if (!this.#challenge) {
      const { body, ...bare } = request
      const answer = await this.#transport.send(bare)
      if (answer.status !== 401 && (body === undefined || answer.status >= 300)) return answer
      this.#challenge = challengeFrom(this.#origin, answer)
    }
    const { answer, token } = await this.#sendAs(this.#challenge, request)
    if (answer.status !== 401) return answer
    // The token expired, was revoked, or the vault moved to another tenant: its new challenge says what it wants now.
    const { scope, tenantId } = this.#challenge
    this.#tokens.forget(scope, token, tenantId)
    this.#challenge = challengeFrom(this.#origin, answer)
    return (await this.#sendAs(this.#challenge, request)).answer
  }

  async #sendAs({ scope, tenantId }: Challenge, request: Request): Promise<{ answer: Answer; token: string }> {
    const { token } = await this.#tokens.get(scope, tenantId)
    const headers = { ...request.headers, authorization: `Bearer ${token}` }
    return { answer: await this.#transport.send({ ...request, headers }), token }
  }
}
