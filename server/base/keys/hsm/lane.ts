import { Fault } from '../../fault.ts'
import { type Act, type Answer, type Asked, ModuleProcess, SessionLost } from './module-process.ts'
import { isFinal } from './token.ts'

/** Where the token is, and what opens it. */
type TokenAt = {
  readonly module: string
  readonly token: string
  readonly pin: Buffer
  readonly heldMax: number
}

/** How long a module may take: keys of 4096 bits take devices up to a minute. */
export type Patience = { readonly openMs: number; readonly makeMs: number; readonly useMs: number }

/** What all lanes to a token know: once it has refused the PIN, none tries it again, and once it was let go, none opens it. */
export type Barrier = { fault?: Fault }

const pauseMs = 1000

/**
 * A way to the token for one thing at a time. Its process is started when it is wanted, and another one takes its place
 * when it died, hung, or lost its session.
 */
export class Lane {
  readonly #at: TokenAt
  readonly #patience: Patience
  readonly #barrier: Barrier
  readonly #begin: () => ModuleProcess
  #process: ModuleProcess | undefined
  /** Since when it couldn't be opened: a device that is away isn't asked with every request. */
  #failed: { readonly since: number; readonly fault: Fault } | undefined

  constructor(at: TokenAt, patience: Patience, barrier: Barrier, begin = () => new ModuleProcess()) {
    this.#at = at
    this.#begin = begin
    this.#patience = patience
    this.#barrier = barrier
  }

  /** Has one thing done; once more if the session turns out to be gone, since then nothing has been done. */
  async ask<Name extends Act>(act: Name, asked: Asked<Name>): Promise<Answer<Name>> {
    const { makeMs, useMs } = this.#patience
    const msMax = act === 'generate' || act === 'adopt' ? makeMs : useMs
    try {
      return await (await this.open()).ask(act, asked, msMax)
    } catch (error) {
      if (!(error instanceof SessionLost)) throw error
    }
    await this.close()
    try {
      return await (await this.open()).ask(act, asked, msMax)
    } catch (error) {
      if (!(error instanceof SessionLost)) throw error
      throw new Fault('unavailable', `The hardware module lost its session: ${error.message}.`, {}, { cause: error })
    }
  }

  /** The process, with the token open. */
  async open(): Promise<ModuleProcess> {
    if (this.#process !== undefined && !this.#process.isGone) return this.#process
    if (this.#barrier.fault !== undefined) throw this.#barrier.fault
    if (this.#failed !== undefined && performance.now() - this.#failed.since < pauseMs) throw this.#failed.fault
    const process = this.#begin()
    this.#process = process
    try {
      await process.ask('open', this.#at, this.#patience.openMs)
      this.#failed = undefined
      return process
    } catch (error) {
      await this.close()
      const fault =
        error instanceof Fault ? error : new Fault('unavailable', `The hardware module doesn't open: ${String(error)}`)
      if (isFinal(fault)) this.#barrier.fault = fault
      this.#failed = { since: performance.now(), fault }
      throw fault
    }
  }

  async close(): Promise<void> {
    const process = this.#process
    this.#process = undefined
    await process?.end()
  }
}
