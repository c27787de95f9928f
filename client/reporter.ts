import { hostname } from 'node:os'
import type { consumerReportSeconds, reportConsumer } from '@cardea/contract/cardea/consumers'
import type { Read } from '@cardea/contract/shape'
import { atMost, jittered, later } from './pace.ts'
import type { Vault } from './vault.ts'

export type ReportOptions = {
  /** The application; all its instances have the same. */
  readonly application: string
  /** This instance; by default the host's name and the process's number. */
  readonly instance?: string
}
type Report = Read<(typeof reportConsumer)['body']>
export type Use = Report['uses'][number]

const everySeconds: typeof consumerReportSeconds = 20
const usesMax = 256
/** Azure has no such path, and says so in one of these ways. It is asked again: who is silent by mistake counts as gone. */
const unknownPath = [404, 405, 501]
const deafMs = 10 * 60_000

/**
 * Tells each vault which versions of its secrets the program runs on now, so that no credential is taken away from under
 * it. Nothing depends on a report's success: the next one says the same or better.
 */
export class Reporter {
  readonly #application: string
  readonly #instance: string
  readonly #uses: () => ReadonlyMap<string, readonly Use[]>
  readonly #vaultAt: (origin: string) => Vault
  readonly #signal: AbortSignal
  readonly #deafUntil = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined
  #sending: Promise<void> | undefined
  #again = false

  constructor(
    { application, instance = `${hostname()}:${process.pid}` }: ReportOptions,
    uses: () => ReadonlyMap<string, readonly Use[]>,
    vaultAt: (origin: string) => Vault,
    signal: AbortSignal,
  ) {
    this.#application = application
    this.#instance = instance.replace(/[^\w.:-]/g, '-').slice(0, 128)
    this.#uses = uses
    this.#vaultAt = vaultAt
    this.#signal = signal
    signal.addEventListener('abort', () => clearTimeout(this.#timer), { once: true })
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
    while (this.#again && !this.#signal.aborted) {
      // Switches of the same moment are told together.
      await Promise.resolve()
      this.#again = false
      const reports = [...this.#uses()].filter(([origin]) => (this.#deafUntil.get(origin) ?? 0) < Date.now())
      await atMost(everySeconds * 1000, Promise.all(reports.map(([origin, uses]) => this.#report(origin, uses))))
    }
    clearTimeout(this.#timer)
    if (!this.#signal.aborted) this.#timer = later(jittered(everySeconds * 1000 * 0.9), () => this.soon())
  }

  async #report(origin: string, uses: readonly Use[]): Promise<void> {
    const body: Report = { application: this.#application, uses: uses.slice(0, usesMax) }
    const status = await this.#vaultAt(origin)
      .report(this.#instance, body, this.#signal)
      .catch(() => undefined)
    if (status !== undefined && unknownPath.includes(status)) this.#deafUntil.set(origin, Date.now() + deafMs)
  }
}
