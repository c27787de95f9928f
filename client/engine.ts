import type { Change } from '@cardea/contract/cardea/changes'
import { about, ConfigurationError, errorFrom } from './errors.ts'
import { labelOf, selects } from './filters.ts'
import { Follower } from './follower.ts'
import { atMost, jittered, later, type Pace, pauseMs } from './pace.ts'
import { type Place, type Plan, patch, placeOf, type Reading, read, settingsOf } from './reading.ts'
import { isReference, type Reference, referenceFrom } from './reference.ts'
import { Secrets } from './secrets.ts'
import { type Patience, Startup } from './startup.ts'
import { type ConfigurationChange, changesBetween, type Entry, type Gap, nextState, type State } from './state.ts'
import type { Setting, Store } from './store.ts'
import { Turns } from './turns.ts'
import { refuses, type Vault } from './vault.ts'

export type EngineOptions = {
  readonly store: Store
  readonly plan: Plan
  readonly trimKeyPrefixes: readonly string[]
  readonly refreshIntervalMs: number
  readonly secretIntervalMs: number
  readonly secretsAtOnce: number
  readonly push: boolean
  vaultAt(origin: string): Vault
}
export type StartOptions = Patience & {
  /** Told of what is tried again while it starts. */
  readonly onRetry: ((error: ConfigurationError) => void) | undefined
}
/** What a turn is for: looking at the whole store, or at these settings. */
type Demand = { readonly read: boolean; readonly places: ReadonlyMap<string, Place> }
type Pointer = { readonly reference: Reference; readonly keys: string[] }

const pollPace: Pace = { firstMs: 1_000, mostMs: 60_000 }
/** A stream that stands before the first reading misses nothing; a store that is slow to open it isn't waited for. */
const streamMsMax = 1_000
/** New settings wait so long for their secrets, to appear together. A slower secret follows by itself. */
const secretsMsMax = 5_000
const placesMax = 20
const look: Demand = { read: true, places: new Map() }

/**
 * Keeps a state true: polls the store, follows its changes, keeps the secrets fresh, and swaps the whole state when
 * something is different. Everything next is made aside; what fails leaves the last good value.
 */
export class Engine {
  state: State = new Map()
  readonly swapped = new Set<(changes: readonly ConfigurationChange[]) => void>()
  readonly failed = new Set<(error: ConfigurationError) => void>()
  readonly #options: EngineOptions
  readonly #stop = new AbortController()
  readonly #secrets: Secrets
  readonly #turns: Turns<Demand>
  readonly #intervals = new Map<string, number>()
  #secretIntervalMs: number
  #follower: Follower | undefined
  #reading: Reading | undefined
  #settings: ReadonlyMap<string, Setting> = new Map()
  #pointers: ReadonlyMap<string, Pointer> = new Map()
  #coming: ReadonlyMap<string, Pointer> = new Map()
  #loaded = false
  #readingBegan = false
  readonly #startup: Startup
  #missed: { gap: boolean; changes: Change[] } = { gap: false, changes: [] }
  /** While new settings wait for their secrets, nothing is swapped: both appear at once. */
  #holding = 0
  #pollTimer: NodeJS.Timeout | undefined
  #pollAttempt = 0

  constructor(options: EngineOptions) {
    this.#options = options
    this.#secretIntervalMs = options.secretIntervalMs
    this.#secrets = new Secrets(
      {
        fetch: (reference) => options.vaultAt(reference.origin).secret(reference, this.#stop.signal),
        intervalOf: (id) => this.#intervalOf(id),
        found: () => this.#apply(),
        failed: (id, error) => this.#tellFailed(id, error),
      },
      options.secretsAtOnce,
    )
    this.#startup = new Startup({
      signal: this.#stop.signal,
      read: () => this.#readFirst(),
      renew: (ids) => this.#secrets.renew(ids),
      gaps: () => this.#gaps(),
      tell: (error) => this.#tell(error),
    })
    this.#turns = new Turns<Demand>(
      (demand) => this.#turn(demand),
      (one, other) => ({
        read: one.read || other.read,
        places: new Map([...one.places, ...other.places]),
      }),
    )
  }

  /** Reads everything for the first time, again and again until it is whole or the time or the patience is over. */
  async start({ onRetry, ...patience }: StartOptions): Promise<void> {
    const began = Date.now()
    const { timeoutMs } = patience
    if (onRetry) this.failed.add(onRetry)
    if (this.#options.push) {
      this.#follower = new Follower({
        store: this.#options.store.endpoint,
        open: (after, signal) => this.#options.store.follow(after, signal),
        stands: () => this.#missedSomething(),
        changed: (changes) => this.#heard(changes),
        failed: (error) => this.#tell(error),
      })
      await atMost(Math.min(streamMsMax, timeoutMs), this.#follower.answered)
    }
    const error = await this.#startup.run(patience, Math.max(0, timeoutMs - (Date.now() - began)))
    if (error) {
      this.close()
      throw error
    }
    this.#loaded = true
    if (onRetry) this.failed.delete(onRetry)
    this.#apply()
    this.#schedulePoll()
    const { gap, changes } = this.#missed
    if (gap) this.#missedSomething()
    if (changes.length > 0) this.#heard(changes)
  }

  /** Reads a key's value anew, or everything. */
  async refresh(key?: string): Promise<void> {
    const concerned = [...this.#pointers.values()].filter(({ keys }) => key === undefined || keys.includes(key))
    const renewed = this.#secrets.renew(concerned.map(({ reference }) => reference.id))
    await Promise.all([renewed, this.#turns.ask(look)])
  }

  setSecretInterval(ms: number, key?: string): void {
    if (key === undefined) this.#secretIntervalMs = ms
    else this.#intervals.set(key, ms)
    this.#secrets.reschedule()
  }

  tell(error: ConfigurationError): void {
    this.#tell(error)
  }

  get closed(): boolean {
    return this.#stop.signal.aborted
  }

  get signal(): AbortSignal {
    return this.#stop.signal
  }

  close(): void {
    this.#stop.abort(new ConfigurationError('closed', 'The configuration is closed.'))
    this.#follower?.close()
    this.#secrets.close()
    clearTimeout(this.#pollTimer)
  }

  /** Reads the store while nothing is shown yet. Gives what is done when each new secret has been tried once. */
  async #readFirst(): Promise<{ readonly tried: Promise<void> }> {
    const { store, plan, trimKeyPrefixes } = this.#options
    this.#readingBegan = true
    this.#reading = await read(store, plan, this.#reading, this.signal)
    this.#settings = settingsOf(this.#reading, plan, trimKeyPrefixes)
    this.#pointers = pointersIn(this.#settings)
    this.#secrets.retain(new Set(this.#pointers.keys()))
    this.#tellMalformed(this.#settings)
    return { tried: this.#secrets.admit([...this.#pointers.values()].map(({ reference }) => reference)) }
  }

  #gaps(): Gap[] {
    return [...this.#wanted()].flatMap(([key, found]) =>
      'error' in found ? [{ ...found, error: about(key, found.error) }] : [],
    )
  }

  async #turn(demand: Demand): Promise<void> {
    const { store, plan, trimKeyPrefixes } = this.#options
    try {
      const known = this.#reading
      const few = !demand.read && known && demand.places.size <= placesMax
      const patched = few ? await patch(store, known, [...demand.places.values()], this.signal) : undefined
      const reading = patched ?? (await read(store, plan, known, this.signal))
      if (this.closed) return
      if (reading !== known) await this.#commit(reading, settingsOf(reading, plan, trimKeyPrefixes), known)
      if (patched) return
      this.#pollAttempt = 0
      this.#schedulePoll()
    } catch (thrown) {
      if (this.closed) throw this.signal.reason
      const error = errorFrom(thrown, 'Reading the store')
      // What this turn was for isn't lost: nothing of it was kept, so the next reading finds the same difference.
      this.#schedulePoll(pauseMs(this.#pollAttempt, pollPace, error.retryAfterMs))
      this.#pollAttempt += 1
      this.#tell(error)
      throw error
    }
  }

  /** Waits for the secrets that the new settings need, then swaps both in at once. */
  async #commit(reading: Reading, settings: ReadonlyMap<string, Setting>, known: Reading | undefined): Promise<void> {
    const pointers = pointersIn(settings)
    const marked = known?.marks.some((mark, at) => mark !== reading.marks[at]) ?? false
    this.#coming = pointers
    this.#holding += 1
    const admitted = this.#secrets.admit([...pointers.values()].map(({ reference }) => reference))
    // A watched setting that changed asks for everything anew, secrets too.
    await atMost(secretsMsMax, Promise.all([admitted, marked ? this.#secrets.renew() : undefined]))
    this.#holding -= 1
    this.#coming = new Map()
    if (this.closed) return
    this.#reading = reading
    this.#settings = settings
    this.#pointers = pointers
    this.#secrets.retain(new Set(pointers.keys()))
    this.#tellMalformed(settings)
    this.#apply()
  }

  #apply(): void {
    if (this.#holding > 0 || !this.#loaded || this.closed) return
    const before = this.state
    const after = nextState(this.#wanted(), before)
    const changes = changesBetween(before, after)
    const sameVersions = [...after].every(([key, { secret }]) => secret?.version === before.get(key)?.secret?.version)
    this.state = after
    if (changes.length === 0 && sameVersions) return
    for (const listener of [...this.swapped]) listener(changes)
  }

  /** What each key should have, as far as is known. */
  #wanted(): Map<string, Entry | Gap> {
    const wanted = new Map<string, Entry | Gap>()
    for (const [key, { value = '', contentType }] of this.#settings) {
      if (!isReference(contentType)) {
        wanted.set(key, { value, contentType, secret: undefined })
        continue
      }
      const reference = referenceFrom(value)
      const secret = reference && this.#secrets.secretOf(reference.id)
      if (!reference) wanted.set(key, { error: notAReference, refused: key })
      else if (secret)
        wanted.set(key, { value: secret.value, contentType, secret: { reference, version: secret.version } })
      else {
        const error = this.#secrets.errorOf(reference.id) ?? notYet(reference)
        wanted.set(key, { error, refused: refuses(error) ? reference.id : undefined })
      }
    }
    return wanted
  }

  #heard(changes: readonly Change[]): void {
    if (!this.#loaded) {
      this.#missed.changes.push(...changes)
      return
    }
    const { selectors, watched } = this.#options.plan
    const ids = new Set<string>()
    const places = new Map<string, Place>()
    let whole = false
    for (const { type, name, label: given } of changes) {
      const label = labelOf(given)
      if (type === 'setting-target-changed') {
        for (const { key, label: own, value, contentType } of this.#settings.values()) {
          const reference = key === name && own === label && isReference(contentType) && referenceFrom(value ?? '')
          if (reference) ids.add(reference.id)
        }
      } else if (type === 'setting-written' || type === 'setting-deleted') {
        // Where settings are watched, the others wait for them: who writes many, writes the watched one last.
        if (watched.length > 0) whole ||= watched.some((each) => each.key === name && labelOf(each.label) === label)
        else if (selectors.some((selector) => selects(selector, name, label))) {
          const deleted = type === 'setting-deleted'
          places.set(placeOf(name, label), { key: name, deleted, ...(label !== undefined && { label }) })
        }
      }
    }
    if (ids.size > 0) void this.#secrets.renew(ids)
    if (whole || places.size > 0) this.#turns.ask({ read: whole, places }).catch(() => {})
  }

  /** The stream stands anew: what happened before may have passed us by. */
  #missedSomething(): void {
    if (!this.#readingBegan) return
    if (this.#loaded) this.refresh().catch(() => {})
    else this.#missed.gap = true
  }

  #schedulePoll(ms = jittered(this.#options.refreshIntervalMs)): void {
    clearTimeout(this.#pollTimer)
    if (this.closed) return
    this.#pollTimer = later(ms, () => {
      this.#turns.ask(look).catch(() => {})
    })
  }

  #intervalOf(id: string): number {
    const keys = this.#pointers.get(id)?.keys ?? this.#coming.get(id)?.keys ?? []
    const own = keys.flatMap(
      (key) => this.#intervals.get(key) ?? this.#intervals.get(this.#settings.get(key)?.key ?? '') ?? [],
    )
    // Keys that share a secret share its clock: the most impatient one sets it.
    return Math.min(...(own.length < keys.length || keys.length === 0 ? [this.#secretIntervalMs] : []), ...own)
  }

  #tellMalformed(settings: ReadonlyMap<string, Setting>): void {
    for (const [key, { value, contentType }] of settings) {
      if (!isReference(contentType) || referenceFrom(value ?? '')) continue
      if (!this.#loaded) this.#startup.refused(key)
      this.#tell(about(key, notAReference))
    }
  }

  #tellFailed(id: string, error: ConfigurationError): void {
    if (refuses(error) && !this.#loaded) this.#startup.refused(id)
    const keys = new Set([...(this.#pointers.get(id)?.keys ?? []), ...(this.#coming.get(id)?.keys ?? [])])
    for (const key of keys) this.#tell(about(key, error))
  }

  #tell(error: ConfigurationError): void {
    if (this.closed) return
    for (const listener of [...this.failed]) {
      try {
        listener(error)
      } catch {
        // Who throws while being told of an error has nobody left to be told.
      }
    }
  }
}

function pointersIn(settings: ReadonlyMap<string, Setting>): Map<string, Pointer> {
  const pointers = new Map<string, Pointer>()
  for (const [key, { value, contentType }] of settings) {
    const reference = isReference(contentType) ? referenceFrom(value ?? '') : undefined
    if (!reference) continue
    const pointer = pointers.get(reference.id)
    if (pointer) pointer.keys.push(key)
    else pointers.set(reference.id, { reference, keys: [key] })
  }
  return pointers
}

const notAReference = new ConfigurationError(
  'malformed',
  'The setting says it is a Key Vault reference, and is not one.',
)
const notYet = ({ name, origin }: Reference) =>
  new ConfigurationError('timeout', `${new URL(origin).host} hasn't answered for the secret ${name}.`)
