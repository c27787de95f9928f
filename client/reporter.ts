import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { consumerReportSeconds, consumerUsesMax, reportConsumer } from '@cardea/contract/cardea/consumers'
import type { Read } from '@cardea/contract/shape'
import { ConfigurationError, errorFrom } from './errors.ts'
import { atMost, jittered, later, type Pace, pauseMs } from './pace.ts'
import type { Vault } from './vault.ts'

export type ReportOptions = {
  /** The application; all its instances have the same. */
  readonly application: string
  /**
   * This instance: 1 to 128 letters, digits, dots, colons, hyphens or underscores, and no two that run at the same time have
   * the same. By default the host's name, the process's number and a random end.
   */
  readonly instance?: string
}
type Report = Read<(typeof reportConsumer)['body']>
export type Use = Report['uses'][number]

/** What a reporter knows of the configuration that it reports about. */
export type ReportSource = {
  /** What the program runs on, by vault. */
  uses(): ReadonlyMap<string, readonly Use[]>
  vaultAt(origin: string): Vault
  tell(error: ConfigurationError): void
  /** Ends the reports. */
  readonly signal: AbortSignal
}

const everyMs = 1000 * (20 satisfies typeof consumerReportSeconds)
const usesMax: typeof consumerUsesMax = 256
const instanceName = /^[\w.:-]{1,128}$/
const instanceCharactersMax = 128
/** A vault that knows no reports is asked again, more and more seldom: it may be one whose way was blocked for a moment. */
const deafPace: Pace = { firstMs: everyMs, mostMs: 10 * 60_000 }

/** How it stands with one vault. */
type Hearing = {
  /** It has taken a report: then it is no vault of Azure's, whatever it answers now. */
  isCardea: boolean
  deafUntil: number
  /** How often it has said that it knows no reports. */
  refusals: number
  /** What was told of it last; the same isn't told again before a report has gone well. */
  told: string | undefined
}

/**
 * Tells each vault which versions of its secrets the program runs on now, so that no credential is taken away from under
 * it. What can't be reported is told to `onError`, since a program that nobody hears of isn't waited for.
 */
export class Reporter {
  readonly #application: string
  readonly #instance: string
  readonly #source: ReportSource
  readonly #hearings = new Map<string, Hearing>()
  #timer: NodeJS.Timeout | undefined
  #sending: Promise<void> | undefined
  #again = false

  constructor({ application, instance }: Required<ReportOptions>, source: ReportSource) {
    this.#application = application
    this.#instance = instance
    this.#source = source
    source.signal.addEventListener('abort', () => clearTimeout(this.#timer), { once: true })
    this.soon()
  }

  /** What is run on has changed: says so at once. */
  soon(): void {
    this.#again = true
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined
    })
  }

  async #send(): Promise<void> {
    const { signal } = this.#source
    while (this.#again && !signal.aborted) {
      // Switches of the same moment are told together.
      await Promise.resolve()
      this.#again = false
      const reports = [...this.#source.uses()].map(([origin, uses]) => this.#report(origin, uses))
      await atMost(everyMs, Promise.all(reports))
    }
    clearTimeout(this.#timer)
    if (!signal.aborted) this.#timer = later(jittered(everyMs * 0.9), () => this.soon())
  }

  async #report(origin: string, uses: readonly Use[]): Promise<void> {
    const hearing = this.#hearings.get(origin) ?? { isCardea: false, deafUntil: 0, refusals: 0, told: undefined }
    this.#hearings.set(origin, hearing)
    if (hearing.deafUntil > Date.now()) return
    try {
      const unreadable = await this.#sendParts(origin, uses)
      if (unreadable === undefined && !hearing.isCardea) {
        hearing.deafUntil = Date.now() + pauseMs(hearing.refusals, deafPace)
        hearing.refusals += 1
        return
      }
      hearing.isCardea = true
      this.#tell(hearing, unreadable === undefined ? unheard(origin) : unreadableError(origin, unreadable))
    } catch (thrown) {
      this.#tell(hearing, errorFrom(thrown, 'Reporting what is in use'))
    }
  }

  /** What doesn't fit into one report goes out in parts. Gives what may not be read; nothing where nobody takes reports. */
  async #sendParts(origin: string, uses: readonly Use[]): Promise<readonly string[] | undefined> {
    // What hasn't arrived by the next report's time shall not arrive after it.
    const signal = AbortSignal.any([this.#source.signal, AbortSignal.timeout(everyMs)])
    const partial = uses.length > usesMax
    const unreadable: string[] = []
    for (let from = 0; from < uses.length; from += usesMax) {
      const part: Report = { application: this.#application, uses: uses.slice(from, from + usesMax), partial }
      const refused = await this.#source.vaultAt(origin).report(this.#instance, part, signal)
      if (refused === undefined) return undefined
      unreadable.push(...refused)
    }
    return unreadable
  }

  #tell(hearing: Hearing, error: ConfigurationError | undefined): void {
    if (error && error.message !== hearing.told) this.#source.tell(error)
    hearing.told = error?.message
  }
}

/** Who reports, named as a vault takes it. */
export function reporterFrom({ application, instance = ownName() }: ReportOptions): Required<ReportOptions> {
  if (instanceName.test(instance)) return { application, instance }
  const said = 'An instance is named by 1 to 128 letters, digits, dots, colons, hyphens or underscores.'
  throw new ConfigurationError('invalid', said)
}

/** Pods may all be process 1 of hosts of one name, and a process may load more than once. */
function ownName(): string {
  const end = `:${process.pid}:${randomBytes(6).toString('hex')}`
  return hostname()
    .replace(/[^\w.:-]/g, '-')
    .slice(0, instanceCharactersMax - end.length)
    .concat(end)
}

const notWaitedFor = 'No rotation waits for this instance there before it leaves an old version'

const unheard = (origin: string): ConfigurationError =>
  new ConfigurationError(
    'not-found',
    `${new URL(origin).host} has taken reports, and answers now that it knows none. ${notWaitedFor}.`,
  )

const unreadableError = (origin: string, unreadable: readonly string[]): ConfigurationError | undefined =>
  unreadable.length === 0
    ? undefined
    : new ConfigurationError(
        'forbidden',
        `${new URL(origin).host} doesn't let this application read ${[...new Set(unreadable)].join(', ')}. ${notWaitedFor} of it.`,
      )
