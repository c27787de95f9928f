import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { Credential, FarSide, Kind, Provider, Rehearsed } from '@cardea/contract/rotation/provider'
import { oneOf, optional, record, text } from '@cardea/contract/shape'
import { secretName } from '@cardea/contract/vault/secrets'
import { type Heard, jsonOf, type Reach, refusal, send } from '../http/request.ts'
import { serviceUrl } from '../http/service-url.ts'
import { Rehearsal, twinPassword } from '../rehearsal.ts'
import { canRehearse, told } from './rehearsal.ts'

export type Webhook = {
  /** A function of somebody's own, which changes a credential at a target that we know nothing of. */
  readonly url: string
  /** The secret of the same vault that holds the key which signs what is sent: 24 to 64 bytes in base64. */
  readonly key: string
  /** Which of its targets the function is to change, if it has several. */
  readonly target: string | undefined
}
type Step = 'apply' | 'probe' | 'retire' | 'rehearse'

const probed = record({ result: oneOf('valid', 'invalid', 'unknown') })
const pollMs = 500

/**
 * A function that speaks CloudEvents. Every event has an id that is the same for the same attempt at a step with the same
 * value, so that a function which has seen it does nothing more; a fence, so that it can refuse a worker who was replaced; and a
 * signature (standardwebhooks.com). It answers within the time of a request, or 202 with a Location on the same host.
 * Whether its target takes one credential at a time or several is in the name of the provider.
 */
export const webhook = (name: string, kind: Extract<Kind, 'single' | 'set'>, reach: Reach): Provider<Webhook> => {
  async function tell(step: Step, { value }: Credential, far: FarSide<Webhook>): Promise<Heard> {
    const { binding, secrets, rotationId, attempt, fence, urgent, signal } = far
    const url = new URL(binding.url)
    // What is asked is asked anew each time: an answer that the function remembers would be the one from before a change.
    const which = step === 'probe' ? randomUUID() : attempt
    const id = createHash('sha256')
      .update([rotationId, which, step, String(urgent), value].join('\0'))
      .digest('hex')
    const data = {
      rotationId,
      step,
      fence,
      urgent,
      value,
      ...(binding.target !== undefined && { target: binding.target }),
    }
    const type = `Cardea.Rotation.${step}`
    const time = new Date().toISOString()
    const event = {
      specversion: '1.0',
      id,
      source: 'cardea/rotation',
      type,
      time,
      datacontenttype: 'application/json',
      data,
    }
    const body = JSON.stringify(event)
    const headers = {
      'content-type': 'application/cloudevents+json; charset=utf-8',
      ...signed(keyIn(secrets[binding.key], binding.key), id, body),
    }
    return settled(await send({ method: 'POST', url, headers, body }, signal, reach), url, far)
  }

  /** Asks again for as long as the function is at work. */
  async function settled(heard: Heard, url: URL, far: FarSide<Webhook>): Promise<Heard> {
    if (heard.status !== 202) return heard
    const status = URL.parse(String(heard.headers.location ?? ''), url)
    if (status === null || status.origin !== url.origin)
      throw refusal('a step, without a Location of its own', url, heard)
    await wait(pollMs, undefined, { signal: far.signal })
    return settled(await send({ url: status }, far.signal, reach), status, far)
  }

  async function change(step: 'apply' | 'retire', credential: Credential, far: FarSide<Webhook>): Promise<void> {
    const heard = await tell(step, credential, far)
    if (heard.status === 409) throw new Error('The function has heard of a later worker, and refuses this one')
    if (heard.status !== 200 && heard.status !== 204) throw refusal(`the step ${step}`, new URL(far.binding.url), heard)
  }

  /**
   * Only a function that says it can is told to rehearse: another might take the step for one that it knows. It does then
   * with a value that nobody uses what it would with a new one, and says what it has tried.
   */
  async function rehearse(far: FarSide<Webhook>, seed: string): Promise<Rehearsed> {
    const rehearsal = new Rehearsal()
    const { url, key } = far.binding
    let known: Heard | undefined
    const remedyOfKey = (error: unknown) => {
      if (/must be a key/.test(String(error))) return `Set the secret ${key}.`
      return /answered 40[13]/.test(String(error)) ? `Give the function the key that is in ${key}.` : undefined
    }
    const asks = async () => {
      const headers = signed(keyIn(far.secrets[key], key), far.rotationId, '')
      known = await send({ method: 'OPTIONS', url: new URL(url), headers }, far.signal, reach)
      if (known.status >= 500 || known.status === 401 || known.status === 403)
        throw refusal('the question what it knows', new URL(url), known)
    }
    const answers = await rehearsal.try('The function answers.', asks, remedyOfKey)
    if (!answers || known === undefined) return { checks: rehearsal.checks, clean: true }
    if (!canRehearse(known)) {
      rehearsal.note('The function doesn’t say that it can rehearse, so nothing was tried at its target.')
      return { checks: rehearsal.checks, clean: true }
    }
    const clean = await rehearsal.try('The function rehearses at its target.', async () => {
      const heard = await tell('rehearse', { value: twinPassword(seed, 'webhook'), slot: undefined }, far)
      if (heard.status !== 200) throw refusal('the step rehearse', new URL(url), heard)
      const { checks } = told.read(jsonOf(heard), 'the answer of the function')
      for (const { what, wrong, remedy } of checks) rehearsal.note(what, wrong, remedy)
    })
    return { checks: rehearsal.checks, clean }
  }

  return {
    name,
    kind,
    binding: record({ url: serviceUrl(), key: secretName, target: optional(text({ maxCharacters: 256 })) }),
    secretsOf: ({ key }) => [key],
    placesOf: ({ url, target }) => [`webhook ${url} ${target ?? ''}`],
    slotsOf: () => [],
    slotIn: () => undefined,
    knows: (value) => value !== '',
    propose: () => randomBytes(32).toString('base64url'),
    apply: (credential, far) => change('apply', credential, far),
    retire: (credential, far) => change('retire', credential, far),
    async probe(credential, far) {
      try {
        const heard = await tell('probe', credential, far)
        return heard.status === 200 ? probed.read(jsonOf(heard), '').result : 'unknown'
      } catch {
        return 'unknown'
      }
    },
    rehearse,
  }
}

function keyIn(value: string | undefined, name: string): Buffer {
  const key = Buffer.from((value ?? '').replace(/^whsec_/, ''), 'base64')
  if (key.length < 24 || key.length > 64)
    throw new Error(`The secret ${name} must be a key of 24 to 64 bytes in base64`)
  return key
}

function signed(key: Buffer, id: string, body: string): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1000))
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}
