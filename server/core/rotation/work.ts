import type { RotationState } from '@cardea/contract/cardea/rotations'
import type { Credential, FarSide, Probe } from '@cardea/contract/rotation/provider'
import { valueBytesMax } from '@cardea/contract/vault/secrets'
import type { Instant } from '#base/clock.ts'
import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import type { Circumstances } from '#core/audit/entry.ts'
import { consumersOf, forgetGone, type Use } from '#core/consumers/consumers.ts'
import { attest, observe, perform } from '#core/perform.ts'
import { FencedOut, hold, type Lease, settle } from '#core/schedule/schedule.ts'
import type { OpenSecret } from '#core/secrets/secret.ts'
import { getSecret, resourceOf, setSecret, standingOf } from '#core/secrets/secrets.ts'
import { keyOfVault } from '#core/vaults/vault.ts'
import { whyWithdrawn, withdrawn } from './look.ts'
import { afterApply, afterCheck, afterRestore, afterRetire, isOpen, mayBecome } from './machine.ts'
import { afterAbort, backoffMs, expiresOf, givesUpAt, nextDue, spreadOf } from './policy.ts'
import { redacted } from './redaction.ts'
import { changeRotation, keepNext, policyOf, type Rotation, slotsOf } from './rotation-rows.ts'
import { type Engine, type Seen, stepped } from './steps.ts'

/** After so many attempts in vain, a rotation looks whether anything that it knows still works. */
const lostAfterAttempts = 5
const tagsMax = 15

/** What can't be done now and is tried again; the words are for the operator. */
class NotNow extends Error {}

/** Another version became current between the look and the publishing. */
class Superseded extends Fault {
  constructor(name: string) {
    super('conflict', `Another version of ${name} has become current.`)
  }
}

/** One step of one rotation. */
export class Work {
  readonly #engine: Engine
  readonly #lease: Lease
  readonly #seen: Seen
  readonly #binding: unknown
  readonly #circumstances: Circumstances
  /** All that must not show in an error. */
  readonly #secret: string[] = []
  #granted: number
  #quietUntil: Instant | undefined

  constructor(engine: Engine, lease: Lease, seen: Seen) {
    this.#engine = engine
    this.#lease = lease
    this.#seen = seen
    this.#granted = seen.granted
    this.#quietUntil = seen.rotation.quietUntil
    this.#binding = seen.provider.binding.read(JSON.parse(seen.rotation.binding), 'binding')
    this.#circumstances = { address: '', correlation: seen.rotation.id, agent: 'cardea rotation' }
  }

  async take(): Promise<'again' | 'settled'> {
    const { step } = this.#seen
    try {
      if (typeof step === 'object') return await this.#move(step.to)
      switch (step) {
        case 'prepare':
          return await this.#prepare()
        case 'check':
          return await this.#check()
        case 'apply':
          return await this.#apply()
        case 'publish':
          return await this.#publish()
        case 'retire':
          return await this.#retire()
        case 'restore':
          return await this.#restore()
      }
    } catch (error) {
      if (error instanceof Superseded) return 'again'
      if (!(error instanceof NotNow)) throw error
      return this.#wait(error.message)
    }
  }

  /** Thinks of the candidate, and keeps it before anybody hears of it. */
  async #prepare(): Promise<'again'> {
    const { provider, vault, rotation, latest } = this.#seen
    const current = latest === undefined ? undefined : await this.#read(rotation.nameKey)
    const slots = provider.slotsOf(this.#binding)
    const oldSlot = current === undefined ? undefined : provider.slotIn(current.value, this.#binding)
    // Another than what is published now; and, if a human's value is, one that nobody runs on any more.
    const used = new Set((await this.#usersBehind()).map(({ slot }) => slot))
    const free = slots.filter((one) => one !== oldSlot)
    const slot = free.find((one) => !used.has(one)) ?? free[0]
    const candidate = provider.propose(this.#binding, slot)
    if (Buffer.byteLength(candidate) > valueBytesMax)
      throw new NotNow('The provider proposed a value that is too long.')
    return this.#step('prepare', () =>
      this.#turn(async (turn) => {
        const standing = await standingOf(turn.sql, vault, rotation.nameKey)
        if (standing?.latest.version !== current?.version) throw new Superseded(rotation.nameKey)
        await this.#change(turn, {
          baseVersion: current?.version,
          slot,
          oldSlot,
          candidate: await this.#seal(turn, 'candidate', candidate),
          previous: current && (await this.#seal(turn, 'previous', current.value)),
          givesUp: givesUpAt(this.#engine.times, rotation.started, current?.expires),
          lastError: undefined,
        })
        return 'again' as const
      }),
    )
  }

  /**
   * Nothing is sent before it is known that the far side answers for what is published, nor to a slot that a consumer
   * runs on who hasn't followed the last version yet: to change that would take an old credential away.
   */
  async #check(): Promise<'again' | 'settled'> {
    const { provider, rotation, latest, vault } = this.#seen
    const { base, times } = this.#engine
    const users = (await this.#usersBehind()).filter(({ slot }) => slot !== undefined && slot === rotation.slot)
    if (users.length > 0) {
      const policy = await policyOf(base.database.read, vault.name, rotation.nameKey)
      const deadline = (latest?.created ?? 0) + (policy?.graceMs ?? 0)
      if (base.clock() < deadline) {
        const names = users.map(({ application, instance }) => `${application} ${instance}`).join(', ')
        const why = `Waiting for ${names} to leave the credential that is to be changed.`
        return this.#wait(why.slice(0, 500), Math.min(deadline, base.clock() + times.silentMs))
      }
      await this.#nameLaggards(users)
    }
    const far = await this.#farSide()
    const previous = await this.#unseal('previous')
    const ours = provider.kind === 'single' || rotation.oldSlot !== undefined
    const published =
      previous === undefined || !ours
        ? 'none'
        : await this.#probe('check', { value: previous, slot: rotation.oldSlot }, far)
    if (afterCheck(published) === 'planned') {
      throw new NotNow('The system that accepts the credential does not answer, so nothing was changed there.')
    }
    if (published === 'invalid') this.#warn('what is published is refused already; going on to replace it')
    return this.#become('applying', {})
  }

  /** Makes the far side accept the candidate. What it answers isn't believed; `probe` decides. */
  async #apply(): Promise<'again' | 'settled'> {
    const { provider, rotation } = this.#seen
    const far = await this.#farSide()
    const candidate = { value: await this.#kept('candidate'), slot: rotation.slot }
    if (rotation.quietUntil !== undefined) {
      const asked = await this.#probe('ask', candidate, far)
      if (asked === 'valid') return this.#become('verified', {})
      // Why the attempt before failed says more than that nothing can be told of it now.
      if (asked === 'unknown')
        throw new NotNow(rotation.lastError ?? 'Whether the new credential is accepted can’t be told yet.')
    }
    const attempt = await this.#arm()
    const refusal = await this.#send('apply', () => provider.apply(candidate, this.#limited(far)))
    const answer = await this.#probe('probe', candidate, far)
    const previous = rotation.previous && (await this.#kept('previous'))
    const lost =
      answer === 'invalid' &&
      refusal !== undefined &&
      attempt >= lostAfterAttempts &&
      previous !== undefined &&
      (await this.#probe('probe-previous', { value: previous, slot: rotation.oldSlot }, far)) === 'invalid'
    const to = afterApply(answer, lost)
    if (to === 'blocked') {
      this.#engine.log.error(
        this.#names({ why: refusal }),
        'a rotation is blocked: neither old nor new credential works',
      )
      return this.#become('blocked', { lastError: `Neither the old nor the new credential works. ${refusal}` })
    }
    if (to === 'applying') return this.#wait(refusal ?? 'The new credential was sent and is not accepted yet.')
    return this.#become(to, {})
  }

  /** Version, event, audit entry, due date and state: one commit, and only if nobody else has published meanwhile. */
  async #publish(): Promise<'again' | 'settled'> {
    const { vault, rotation, provider } = this.#seen
    const { base, caller, times } = this.#engine
    const { nameKey } = rotation
    const value = await this.#kept('candidate')
    const intent = {
      caller,
      action: 'secrets/set',
      resource: resourceOf(vault, nameKey),
      operation: 'SecretSet',
      circumstances: this.#circumstances,
    } as const
    const published = await this.#step('publish', () =>
      perform(base, intent, async (scope) => {
        const { turn, sql, at } = scope
        await hold(turn, this.#lease, times.leaseMs)
        const standing = await standingOf(sql, vault, nameKey)
        const policy = await policyOf(sql, vault.name, nameKey)
        if (withdrawn(rotation, policy, standing, at) !== undefined) throw new Superseded(nameKey)
        const latest = standing?.latest
        const draft = {
          contentType: latest?.contentType,
          tags: tagsFor(latest?.tags, rotation.slot),
          expires: expiresOf(latest, at),
        }
        const secret = await setSecret(scope, vault, nameKey, value, draft, rotation.id)
        const next = nextDue(policy?.intervalMs, at, spreadOf(this.#lease.subject))
        const replaces = provider.kind !== 'slots' || rotation.oldSlot !== undefined
        await keepNext(sql, vault.name, nameKey, next)
        await this.#change(turn, {
          ...entered('grace', at),
          newVersion: secret.version,
          published: at,
          graceUntil: replaces ? at + (policy?.graceMs ?? 0) : at,
        })
        return secret.version
      }).catch((error: unknown) => {
        if (error instanceof Fault && !(error instanceof Superseded) && isRefusal(error)) {
          throw new NotNow(this.#words(error, 'set', nameKey))
        }
        throw error
      }),
    )
    this.#engine.log.info(this.#names({ version: published }), 'a rotation published its version')
    return 'again'
  }

  /** Takes the old credential away, while what is published works, and proves that it no longer does. */
  async #retire(): Promise<'again' | 'settled'> {
    const { provider, rotation, latest, quiet } = this.#seen
    const far = await this.#farSide()
    const current =
      latest === undefined || latest.version === rotation.newVersion
        ? { value: await this.#kept('candidate'), slot: rotation.slot }
        : await this.#read(rotation.nameKey).then(({ value }) => ({
            value,
            slot: provider.slotIn(value, this.#binding),
          }))
    if (current.slot === rotation.oldSlot) {
      return this.#become('done', {
        lastError: 'Somebody published the old credential again, so it was not taken away.',
      })
    }
    if ((await this.#probe('probe-current', current, far)) !== 'valid') {
      throw new NotNow('What is published does not work now, so the old credential is left alone.')
    }
    const old = { value: await this.#kept('previous'), slot: rotation.oldSlot }
    let refusal: string | undefined
    let answer = await this.#probe('ask-old', old, far)
    let still = quiet
    if (answer === 'valid') {
      await this.#arm()
      refusal = await this.#send('retire', () => provider.retire(old, this.#limited(far)))
      answer = await this.#probe('probe-old', old, far)
      still = refusal === undefined && quiet
    }
    if (afterRetire(answer, still) === 'done') return this.#become('done', {})
    if (answer === 'invalid') return this.#wait(undefined, this.#quietUntil)
    throw new NotNow(refusal ?? 'The old credential is not refused yet.')
  }

  /** Puts back what is published, where our candidate may have displaced it. */
  async #restore(): Promise<'again' | 'settled'> {
    const { provider, rotation, latest, live, quiet } = this.#seen
    const superseded = live && latest?.version !== rotation.baseVersion
    const value = superseded ? (await this.#read(rotation.nameKey)).value : await this.#unseal('previous')
    const slot = value === undefined ? undefined : provider.slotIn(value, this.#binding)
    let answer: Probe = 'valid'
    if (value !== undefined && (provider.kind === 'single' || slot === rotation.slot)) {
      const far = await this.#farSide()
      const published = { value, slot }
      answer = await this.#probe('ask-published', published, far)
      if (answer === 'invalid') {
        await this.#arm()
        const refusal = await this.#send('restore', () => provider.apply(published, this.#limited(far)))
        return this.#wait(refusal, refusal === undefined ? 0 : undefined)
      }
    }
    if (afterRestore(answer, quiet) === 'aborted') return this.#become('aborted', {})
    if (answer === 'valid') return this.#wait(undefined, rotation.quietUntil)
    throw new NotNow('Whether what is published still works can’t be told yet.')
  }

  // What each step is made of.

  /** Live consumers that run on another version than the latest, with the slot of theirs if it is known. */
  async #usersBehind(): Promise<(Use & { readonly slot: string | undefined })[]> {
    const { vault, rotation, latest } = this.#seen
    const { base, times } = this.#engine
    const { read } = base.database
    const users = await consumersOf(read, vault, rotation.nameKey, base.clock(), times.silentMs)
    const behind = users.filter(({ version }) => version !== latest?.version)
    const versions = [...new Set(behind.map(({ version }) => version))]
    const slots = await slotsOf(read, vault.name, rotation.nameKey, versions)
    return behind.map((user) => ({ ...user, slot: slots.get(user.version) }))
  }

  /** Tells the operator who is about to be left behind: in the log, and in the journal of deeds. */
  async #nameLaggards(laggards: readonly Use[]): Promise<void> {
    const { base, caller, log } = this.#engine
    const { vault, rotation } = this.#seen
    for (const { application, instance, version } of laggards) {
      log.warn(
        this.#names({ application, instance, version }),
        'a consumer still runs on the old version at the deadline',
      )
      const agent = `${application} ${instance}`.slice(0, 128)
      const resource = resourceOf(vault, rotation.nameKey)
      const circumstances = { ...this.#circumstances, agent }
      await attest(base, { operation: 'RotationLaggard', resource, caller, circumstances }, 'deadline')
    }
  }

  /** Goes to another state because of how things stand. */
  async #move(to: RotationState): Promise<'again' | 'settled'> {
    await this.#nameLaggards(this.#seen.laggards)
    return this.#become(to, {})
  }

  async #become(to: RotationState, change: Partial<Rotation>): Promise<'again' | 'settled'> {
    const { rotation, step } = this.#seen
    if (!mayBecome(rotation.state, to)) throw new Error(`A rotation can't go from ${rotation.state} to ${to}`)
    const result = await this.#step(to, () =>
      this.#turn(async (turn) => {
        // What made it end before its aim stays to be read.
        const keeps = to === 'aborted' || (rotation.state === 'retiring' && typeof step === 'object')
        const lastError =
          to === 'compensating' ? await this.#whyWithdrawn(turn) : keeps ? rotation.lastError : undefined
        await this.#change(
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
    if (!isOpen(to)) this.#engine.log.info(this.#names({ state: to }), 'a rotation ended')
    return result
  }

  async #whyWithdrawn(turn: Turn): Promise<string | undefined> {
    const { vault, rotation } = this.#seen
    const policy = await policyOf(turn.sql, vault.name, rotation.nameKey)
    const why = withdrawn(rotation, policy, await standingOf(turn.sql, vault, rotation.nameKey), turn.at)
    if (why === undefined) return rotation.lastError
    return why === 'given-up' && rotation.lastError !== undefined
      ? `${whyWithdrawn[why]} ${rotation.lastError}`
      : whyWithdrawn[why]
  }

  /** Gives the lease back, with the time of the next rotation. */
  async #end(turn: Turn, to: RotationState): Promise<void> {
    const { vault, rotation } = this.#seen
    const { sql, at } = turn
    const policy = await policyOf(sql, vault.name, rotation.nameKey)
    let next = policy?.next
    if (policy !== undefined && to === 'aborted') {
      const why = withdrawn(
        { ...rotation, givesUp: Infinity },
        policy,
        await standingOf(sql, vault, rotation.nameKey),
        at,
      )
      const reason = why === 'unbound' ? 'rebound' : (why ?? 'given-up')
      next = afterAbort(reason, policy, at, spreadOf(this.#lease.subject))
      await keepNext(sql, vault.name, rotation.nameKey, next)
    }
    await forgetGone(sql, vault, rotation.nameKey, at)
    await settle(turn, this.#lease, next)
  }

  /** Looks again later: at a time, or after a pause that grows. */
  async #wait(why: string | undefined, until?: Instant): Promise<'again' | 'settled'> {
    const { times, random } = this.#engine
    const { rotation } = this.#seen
    if (why !== undefined) this.#warn(why)
    return this.#step('wait', () =>
      this.#turn(async (turn) => {
        const attempt = rotation.attempt + 1
        const next = until ?? turn.at + backoffMs(times, attempt, random())
        await this.#change(turn, { next, attempt, lastError: why ?? rotation.lastError })
        await settle(turn, this.#lease, Math.max(next, turn.at))
        return 'settled' as const
      }),
    )
  }

  /** Before anything is sent: from now on a request may be under way, and will be known to be by whoever comes after. */
  async #arm(): Promise<number> {
    const { times, monotonic } = this.#engine
    const { rotation } = this.#seen
    const attempt = rotation.attempt + 1
    const granted = monotonic()
    this.#quietUntil = await this.#step('arm', () =>
      this.#turn(async (turn) => {
        const quietUntil = Math.max(rotation.quietUntil ?? 0, turn.at + times.quarantineMs)
        await this.#change(turn, { quietUntil })
        return quietUntil
      }),
    )
    this.#granted = granted
    return attempt
  }

  /** Sends, and says in the operator's words why it was refused, if it was. An answer means that nothing is under way. */
  async #send(step: string, call: () => Promise<void>): Promise<string | undefined> {
    const { rotation } = this.#seen
    const refusal = await this.#step(step, () => {
      this.#stopIfOld()
      return within(this.#engine.times.requestMs * 1.2, call()).then(
        () => undefined,
        (error: unknown) => this.#say(error),
      )
    })
    if (refusal === undefined) {
      await this.#step('rest', () =>
        this.#turn(async (turn) => {
          this.#quietUntil = Math.max(rotation.quietUntil ?? 0, turn.at)
          await this.#change(turn, { quietUntil: this.#quietUntil })
        }),
      )
    }
    return refusal
  }

  /** Asks the far side whether a credential is valid. No answer in time is no answer. */
  #probe(step: string, credential: Credential, far: FarSide<unknown>): Promise<Probe> {
    const { provider } = this.#seen
    return this.#step(step, () =>
      within(this.#engine.times.requestMs * 1.2, provider.probe(credential, this.#limited(far))).catch(
        () => 'unknown' as const,
      ),
    )
  }

  #limited = (far: FarSide<unknown>): FarSide<unknown> => ({
    ...far,
    signal: AbortSignal.timeout(this.#engine.times.requestMs),
  })

  /** A worker that was held up, by a sleeping laptop for one, stops by its own clock before it sends. */
  #stopIfOld(): void {
    const { monotonic, times } = this.#engine
    if (monotonic() - this.#granted > times.leaseMs / 2) throw new FencedOut(this.#lease)
  }

  /** The far side, with the secrets that the binding draws on: read like anybody would, with the engine's own rights. */
  async #farSide(): Promise<FarSide<unknown>> {
    const { provider, rotation } = this.#seen
    const secrets: Record<string, string> = {}
    for (const name of provider.secretsOf(this.#binding)) secrets[name] = (await this.#read(name)).value
    const signal = new AbortController().signal
    return { binding: this.#binding, secrets, rotationId: rotation.id, signal }
  }

  async #read(name: string): Promise<OpenSecret> {
    const { base, caller } = this.#engine
    const { vault } = this.#seen
    const intent = {
      caller,
      action: 'secrets/get',
      resource: resourceOf(vault, name),
      operation: 'SecretGet',
      circumstances: this.#circumstances,
    } as const
    try {
      const secret = await observe(base, intent, (sight) => getSecret(sight, vault, name))
      this.#secret.push(secret.value)
      return secret
    } catch (error) {
      if (error instanceof Fault && isRefusal(error)) throw new NotNow(this.#words(error, 'read', name))
      throw error
    }
  }

  #words(fault: Fault, verb: 'read' | 'set', name: string): string {
    if (fault.code !== 'forbidden') return `The rotation engine can't ${verb} the secret ${name}: ${fault.message}`
    const resource = resourceOf(this.#seen.vault, name)
    return `The rotation engine may not ${verb} the secret ${name}: assign 'Cardea Secret Rotator' to the principal 'rotation engine' on ${resource} or above.`
  }

  async #seal(turn: Turn, what: 'candidate' | 'previous', value: string): Promise<Buffer> {
    const { vault, rotation } = this.#seen
    return this.#engine.base.keyring.seal(turn.sql, keyOfVault(vault), value, placeOf(rotation, what))
  }

  async #unseal(what: 'candidate' | 'previous'): Promise<string | undefined> {
    const { vault, rotation } = this.#seen
    const { database, keyring } = this.#engine.base
    const sealed = rotation[what]
    if (sealed === undefined) return undefined
    const value = await keyring.unseal(database.read, keyOfVault(vault), sealed, placeOf(rotation, what))
    this.#secret.push(value)
    return value
  }

  async #kept(what: 'candidate' | 'previous'): Promise<string> {
    const value = await this.#unseal(what)
    if (value === undefined) throw new Error(`Rotation ${this.#seen.rotation.id} has lost its ${what} value`)
    return value
  }

  #step<T>(step: string, work: () => Promise<T>): Promise<T> {
    return stepped(this.#engine, step, work)
  }

  /** A turn under the lease, with an entry in the journal of deeds if it moves the rotation to another state. */
  #turn<T>(work: (turn: Turn) => Promise<T>, to?: RotationState): Promise<T> {
    const { base, times, caller } = this.#engine
    const { vault, rotation } = this.#seen
    const deed = {
      operation: 'RotationStep',
      resource: resourceOf(vault, rotation.nameKey),
      caller,
      circumstances: this.#circumstances,
    }
    return base.database.write(
      async (turn) => {
        await hold(turn, this.#lease, times.leaseMs)
        return work(turn)
      },
      (at, outcome) => (to !== undefined && 'done' in outcome ? { ...deed, at, outcome: to } : undefined),
    )
  }

  async #change({ sql }: Turn, change: Partial<Rotation>, closed = false): Promise<void> {
    if (!(await changeRotation(sql, this.#seen.rotation, change, closed))) throw new FencedOut(this.#lease)
  }

  #names(more: Record<string, unknown> = {}): Record<string, unknown> {
    const { id, state, attempt } = this.#seen.rotation
    return { secret: this.#lease.subject, rotation: id, state, attempt, ...more }
  }

  #warn(why: string): void {
    this.#engine.log.warn(this.#names(), why)
  }

  #say(error: unknown): string {
    const words = error instanceof Error ? error.message : String(error)
    return redacted(words, this.#secret).slice(0, 500)
  }
}

const placeOf = ({ id }: Rotation, what: string): string => `rotation/${id}/${what}`

const entered = (state: RotationState, at: Instant) => ({ state, entered: at, next: at, attempt: 0 })

/** What an operator can put right. */
const isRefusal = ({ code }: Fault): boolean => code !== 'unavailable' && code !== 'internal'

/** The tags of the version before, and which of the alternating credentials this one is. */
function tagsFor(
  tags: Readonly<Record<string, string>> | undefined,
  slot: string | undefined,
): Readonly<Record<string, string>> | undefined {
  if (slot === undefined) return tags
  const full = Object.keys(tags ?? {}).length >= tagsMax && tags?.CredentialId === undefined
  return full ? tags : { ...tags, CredentialId: slot }
}

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
