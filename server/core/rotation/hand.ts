import type { RotationState } from '@cardea/contract/cardea/rotations'
import type { Credential, FarSide, Probe } from '@cardea/contract/rotation/provider'
import type { Instant } from '#base/clock.ts'
import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import type { Circumstances } from '#core/audit/entry.ts'
import { consumersLeft, consumersOf, forgetGone, type Use } from '#core/consumers/consumers.ts'
import type { Event } from '#core/events/event.ts'
import { keepEvents } from '#core/events/events.ts'
import { attest, observe } from '#core/perform.ts'
import { FencedOut, hold, type Lease, settle } from '#core/schedule/schedule.ts'
import type { OpenSecret } from '#core/secrets/secret.ts'
import { getSecret, resourceOf, standingOf } from '#core/secrets/secrets.ts'
import { keyOfVault } from '#core/vaults/vault.ts'
import { whyWithdrawn, withdrawn } from './look.ts'
import { isOpen, mayBecome } from './machine.ts'
import { afterAbort, backoffMs, livesOf, spreadOf } from './policy.ts'
import { redacted } from './redaction.ts'
import { changeRotation, keepNext, policyOf, type Rotation, slotsOf } from './rotation-rows.ts'
import { type Engine, type Seen, stepped } from './steps.ts'

/** What can't be done now and is tried again; the words are for the operator. */
export class NotNow extends Error {}

/** Another version became current between the look and the publishing. */
export class Superseded extends Fault {
  constructor(name: string) {
    super('conflict', `Another version of ${name} has become current.`)
  }
}

/** So much of what went wrong is kept and shown. */
export const wordsMax = 500

/** So much of an agent's name the journal keeps. */
const agentCharactersMax = 128

type Answer<T> = { readonly answer: T; readonly refusal: undefined } | { readonly refusal: string }

/**
 * What one step of one rotation is made of: turns under the lease, questions and requests to the far side, values that
 * are read and sealed. It decides nothing.
 */
export class Hand {
  readonly engine: Engine
  readonly seen: Seen
  readonly binding: unknown
  /** From then on no request of this rotation can be under way, as far as this hand knows. */
  quietUntil: Instant | undefined
  readonly lease: Lease
  readonly circumstances: Circumstances
  /** All that must not show in an error. */
  readonly #secret: string[] = []
  #granted: number
  /** Until then a request of this very step may be under way, whose answer was lost. */
  #lostUntil: Instant = 0

  constructor(engine: Engine, lease: Lease, seen: Seen) {
    this.engine = engine
    this.lease = lease
    this.seen = seen
    this.#granted = seen.granted
    this.quietUntil = seen.rotation.quietUntil
    this.binding = seen.provider.binding.read(JSON.parse(seen.rotation.binding), 'binding')
    this.circumstances = { address: '', correlation: seen.rotation.id, agent: 'cardea rotation' }
  }

  /** Whether anybody says what they run on: else nobody is known to have switched, and only time can tell. */
  async isFollowed(): Promise<boolean> {
    const { vault, rotation } = this.seen
    const { base, times } = this.engine
    return (await consumersOf(base.database.read, vault, rotation.nameKey, this.seen.now(), times.silentMs)).length > 0
  }

  /** Live consumers that run on another version than the latest, with the slot of theirs if it is known. */
  async usersBehind(): Promise<(Use & { readonly slot: string | undefined })[]> {
    const { vault, rotation, latest } = this.seen
    const { base, times } = this.engine
    const { read } = base.database
    const users = await consumersLeft(read, vault, rotation.nameKey, this.seen.now(), times.silentMs)
    const behind = users.filter(({ version }) => version !== latest?.version)
    const versions = [...new Set(behind.map(({ version }) => version))]
    const slots = await slotsOf(read, vault.name, rotation.nameKey, versions)
    return behind.map((user) => ({ ...user, slot: slots.get(user.version) }))
  }

  /** Tells the operator who is about to be left behind: in the log, and in the journal of deeds. */
  async nameLaggards(laggards: readonly Use[]): Promise<void> {
    const { base, caller, log } = this.engine
    const { vault, rotation } = this.seen
    for (const { application, instance, version } of laggards) {
      log.warn(
        this.names({ application, instance, version }),
        'a consumer still runs on the old version at the deadline',
      )
      const agent = `${application} ${instance}`.slice(0, agentCharactersMax)
      const resource = resourceOf(vault, rotation.nameKey)
      const circumstances = { ...this.circumstances, agent }
      await attest(base, { operation: 'RotationLaggard', resource, caller, circumstances }, 'deadline')
    }
  }

  /** Goes to another state because of how things stand. */
  async move(to: RotationState): Promise<'again' | 'settled'> {
    await this.nameLaggards(this.seen.laggards)
    return this.become(to, {})
  }

  async become(to: RotationState, change: Partial<Rotation>): Promise<'again' | 'settled'> {
    const { rotation, step } = this.seen
    if (!mayBecome(rotation.state, to)) throw new Error(`A rotation can't go from ${rotation.state} to ${to}`)
    const result = await this.step(to, () =>
      this.turn(async (turn) => {
        if (step === 'retire' && !isOpen(to)) await this.#sameStands(turn)
        // What made it end before its aim stays to be read.
        const keeps = to === 'aborted' || (rotation.state === 'retiring' && typeof step === 'object')
        const lastError =
          to === 'compensating' ? await this.#whyWithdrawn(turn) : keeps ? rotation.lastError : undefined
        await this.change(
          turn,
          {
            ...entered(to, turn.at),
            lastError,
            ...change,
            ...(!isOpen(to) && { candidate: undefined, previous: undefined }),
          },
          !isOpen(to),
        )
        if (isOpen(to)) return 'again' as const
        await this.#end(turn, to)
        return 'settled' as const
      }, to),
    )
    if (!isOpen(to)) this.engine.log.info(this.names({ state: to }), 'a rotation ended')
    return result
  }

  /** What was taken away was looked up before: whoever has published since must not have published that. */
  async #sameStands(turn: Turn): Promise<void> {
    const { vault, rotation, latest } = this.seen
    const standing = await standingOf(turn.sql, vault, rotation.nameKey)
    if (standing?.latest.version !== latest?.version) throw new Superseded(rotation.nameKey)
  }

  async #whyWithdrawn(turn: Turn): Promise<string | undefined> {
    const { vault, rotation } = this.seen
    const policy = await policyOf(turn.sql, vault.name, rotation.nameKey)
    const why = withdrawn(rotation, policy, await standingOf(turn.sql, vault, rotation.nameKey), turn.at)
    if (why === undefined) return rotation.lastError
    return why === 'given-up' && rotation.lastError !== undefined
      ? `${whyWithdrawn[why]} ${rotation.lastError}`
      : whyWithdrawn[why]
  }

  /** Gives the lease back, with the time of the next rotation. */
  async #end(turn: Turn, to: RotationState): Promise<void> {
    const { vault, rotation } = this.seen
    const { sql, at } = turn
    const policy = await policyOf(sql, vault.name, rotation.nameKey)
    let next = policy?.next
    if (policy !== undefined && to === 'aborted') {
      const standing = await standingOf(sql, vault, rotation.nameKey)
      const why = withdrawn({ ...rotation, givesUp: Infinity }, policy, standing, at)
      // Who says that the far side is right as it is has rotated by hand.
      const reason = rotation.accepted ? 'superseded' : why === 'unbound' ? 'rebound' : (why ?? 'given-up')
      const age = { created: at, expires: standing?.latest.expires }
      next = afterAbort(reason, policy, age, at, spreadOf(this.lease.subject))
      await keepNext(sql, vault.name, rotation.nameKey, next)
    }
    await forgetGone(sql, vault, rotation.nameKey, at)
    // Expiry dates move: such a policy is looked at again and again.
    await settle(turn, this.lease, policy?.schedule?.beforeExpiryMs === undefined ? next : at)
  }

  /** Looks again later: at a time, or after a pause that grows. */
  async wait(why: string | undefined, until?: Instant): Promise<'again' | 'settled'> {
    const { times, random } = this.engine
    const { rotation } = this.seen
    if (why !== undefined) this.warn(why)
    return this.step('wait', () =>
      this.turn(async (turn) => {
        const attempt = rotation.attempt + 1
        const next = until ?? turn.at + backoffMs(times, attempt, random())
        await this.change(turn, { next, attempt, lastError: why ?? rotation.lastError })
        await settle(turn, this.lease, Math.max(next, turn.at))
        return 'settled' as const
      }),
    )
  }

  /** Before anything is sent: from now on a request may be under way, and will be known to be by whoever comes after. */
  async arm(): Promise<number> {
    const { times, monotonic } = this.engine
    const { rotation } = this.seen
    const attempt = rotation.attempt + 1
    const granted = monotonic()
    this.quietUntil = await this.step('arm', () =>
      this.turn(async (turn) => {
        const quietUntil = Math.max(rotation.quietUntil ?? 0, turn.at + times.quarantineMs)
        await this.change(turn, { quietUntil })
        return quietUntil
      }),
    )
    this.#granted = granted
    return attempt
  }

  /** Sends, and says in the operator's words why it was refused, if it was. An answer means that nothing is under way. */
  async send(step: string, call: () => Promise<void>): Promise<string | undefined> {
    const { refusal } = await this.request(step, call)
    if (refusal === undefined) {
      await this.step('rest', () => this.turn(async (turn) => this.change(turn, this.atRest(turn.at))))
    }
    return refusal
  }

  /** Sends, and gives the answer or why there is none. Whoever has an answer says so in a turn, with `atRest`. */
  request<T>(step: string, call: () => Promise<T>): Promise<Answer<T>> {
    return this.step(step, () => {
      this.#stopIfOld()
      return within(this.#answerMs, call()).then(
        (answer): Answer<T> => ({ answer, refusal: undefined }),
        (error: unknown): Answer<T> => {
          this.#lostUntil = this.quietUntil ?? 0
          return { refusal: this.say(error) }
        },
      )
    })
  }

  /** An answer has come: our request isn't under way any more. One that was lost before it may be. */
  atRest(at: Instant): Pick<Rotation, 'quietUntil'> {
    this.quietUntil = Math.max(this.seen.rotation.quietUntil ?? 0, this.#lostUntil, at)
    return { quietUntil: this.quietUntil }
  }

  /** Asks the far side whether a credential is valid. No answer in time is no answer. */
  probe(step: string, credential: Credential, far: FarSide<unknown>): Promise<Probe> {
    const { provider } = this.seen
    return this.step(step, () =>
      within(this.#answerMs, provider.probe(credential, this.limited(far))).catch(() => 'unknown' as const),
    )
  }

  limited = (far: FarSide<unknown>): FarSide<unknown> => ({
    ...far,
    signal: AbortSignal.timeout(this.engine.times.requestMs),
  })

  /** A provider that heeds its signal has ended by then. */
  get #answerMs(): number {
    return this.engine.times.requestMs * 1.2
  }

  /** A worker that was held up, by a sleeping laptop for one, stops by its own clock before it sends. */
  #stopIfOld(): void {
    const { monotonic, times } = this.engine
    if (monotonic() - this.#granted > times.leaseMs / 2) throw new FencedOut(this.lease)
  }

  /** The far side, with the secrets that the binding draws on: read like anybody would, with the engine's own rights. */
  async farSide(): Promise<FarSide<unknown>> {
    const { provider, rotation } = this.seen
    const policy = await policyOf(this.engine.base.database.read, rotation.vault, rotation.nameKey)
    const secrets: Record<string, string> = {}
    for (const name of provider.secretsOf(this.binding)) secrets[name] = (await this.read(name)).value
    const signal = new AbortController().signal
    return {
      binding: this.binding,
      secrets,
      rotationId: rotation.id,
      attempt: `${rotation.entered}/${rotation.attempt}`,
      fence: this.lease.fence,
      livesMs: policy && livesOf(policy),
      urgent: rotation.reason === 'emergency',
      signal,
    }
  }

  async read(name: string): Promise<OpenSecret> {
    const { base, caller } = this.engine
    const { vault } = this.seen
    const intent = {
      caller,
      action: 'secrets/get',
      resource: resourceOf(vault, name),
      operation: 'SecretGet',
      circumstances: this.circumstances,
    } as const
    try {
      const secret = await observe(base, intent, (sight) => getSecret(sight, vault, name))
      this.#secret.push(secret.value)
      return secret
    } catch (error) {
      if (error instanceof Fault && isRefusal(error)) throw new NotNow(this.words(error, 'read', name))
      throw error
    }
  }

  words(fault: Fault, verb: 'read' | 'set', name: string): string {
    if (fault.code !== 'forbidden') return `The rotation engine can't ${verb} the secret ${name}: ${fault.message}`
    const resource = resourceOf(this.seen.vault, name)
    return `The rotation engine may not ${verb} the secret ${name}: assign 'Cardea Secret Rotator' to the principal 'rotation engine' on ${resource} or above.`
  }

  seal(turn: Turn, what: 'candidate' | 'previous', value: string): Promise<Buffer> {
    const { vault, rotation } = this.seen
    this.#secret.push(value)
    return this.engine.base.keyring.seal(turn.sql, keyOfVault(vault), value, placeOf(rotation, what))
  }

  async unseal(what: 'candidate' | 'previous'): Promise<string | undefined> {
    const { vault, rotation } = this.seen
    const { database, keyring } = this.engine.base
    const sealed = rotation[what]
    if (sealed === undefined) return undefined
    const value = await keyring.unseal(database.read, keyOfVault(vault), sealed, placeOf(rotation, what))
    this.#secret.push(value)
    return value
  }

  async kept(what: 'candidate' | 'previous'): Promise<string> {
    const value = await this.unseal(what)
    if (value === undefined) throw new Error(`Rotation ${this.seen.rotation.id} has lost its ${what} value`)
    return value
  }

  step<T>(step: string, work: () => Promise<T>): Promise<T> {
    return stepped(this.engine, this.lease, step, work)
  }

  /** A turn under the lease, with an entry in the journal of deeds if it moves the rotation to another state. */
  turn<T>(work: (turn: Turn) => Promise<T>, to?: RotationState): Promise<T> {
    const { base, times, caller } = this.engine
    const { vault, rotation } = this.seen
    const deed = {
      operation: 'RotationStep',
      resource: resourceOf(vault, rotation.nameKey),
      caller,
      circumstances: this.circumstances,
    }
    return base.database.write(
      async (turn) => {
        await hold(turn, this.lease, times.leaseMs)
        return work(turn)
      },
      (at, outcome) => (to !== undefined && 'done' in outcome ? [{ ...deed, at, outcome: to }] : []),
    )
  }

  async change(turn: Turn, change: Partial<Rotation>, closed = false): Promise<void> {
    if (!(await changeRotation(turn.sql, this.seen.rotation, change, closed))) throw new FencedOut(this.lease)
    await this.#tell(turn, change)
  }

  /** Tells those outside that the rotation has come to another state. */
  async #tell(turn: Turn, { state, newVersion }: Partial<Rotation>): Promise<void> {
    const type = state && telling[state]
    if (type === undefined) return
    const { vault, rotation } = this.seen
    const { id, provider, reason, nameKey } = rotation
    const version = newVersion ?? rotation.newVersion
    const event = {
      ...{ type, scope: vault.resourceId, resource: resourceOf(vault, nameKey), name: nameKey },
      ...(version !== undefined && { version }),
      rotation: { id, provider, reason },
    }
    await keepEvents(turn, [event], this.engine.base.outgoing)
  }

  names(more: Record<string, unknown> = {}): Record<string, unknown> {
    const { id, state, attempt } = this.seen.rotation
    return { secret: this.lease.subject, rotation: id, state, attempt, ...more }
  }

  warn(why: string): void {
    this.engine.log.warn(this.names(), why)
  }

  say(error: unknown): string {
    const words = error instanceof Error ? error.message : String(error)
    return redacted(words, this.#secret).slice(0, wordsMax)
  }
}

/** What those outside are told when a rotation enters a state. */
const telling: { readonly [state in RotationState]?: Event['type'] } = {
  applying: 'rotation-started',
  verified: 'rotation-verified',
  grace: 'rotation-published',
  done: 'rotation-retired',
  aborted: 'rotation-failed',
  blocked: 'rotation-blocked',
}

const placeOf = ({ id }: Rotation, what: string): string => `rotation/${id}/${what}`

/** How a rotation begins in a state: now, and for the first time. */
export const entered = (state: RotationState, at: Instant) => ({ state, entered: at, next: at, attempt: 0 })

/** What an operator can put right. */
export const isRefusal = ({ code }: Fault): boolean => code !== 'unavailable' && code !== 'internal'

/** What a provider does that doesn't heed its signal is nobody's to wait for. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('The provider did not answer in time.')), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
