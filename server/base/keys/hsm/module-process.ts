import { type ChildProcess, fork } from 'node:child_process'
import { Fault } from '../../fault.ts'
import type { HsmActs } from './hsm-process.ts'
import type { Reply, Request } from './messages.ts'

export type Act = keyof HsmActs
export type Asked<Name extends Act> = Parameters<HsmActs[Name]>[0]
export type Answer<Name extends Act> = Awaited<ReturnType<HsmActs[Name]>>

/** What was asked wasn't done, since the session with the token is gone: it can be asked of another. */
export class SessionLost extends Error {}

const goodbyeMsMax = 2000
const ownFile = new URL('./hsm-process.ts', import.meta.url)

/** A process that has the module, and does one thing after the other. Foreign code that crashes or hangs does so there. */
export class ModuleProcess {
  readonly #child: ChildProcess
  readonly #ended = Promise.withResolvers<string>()
  #isGone = false

  constructor(file = ownFile) {
    this.#child = fork(file, {
      serialization: 'advanced',
      // The module's makers may write to standard error what their customers need to know.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
      env: surroundings(),
    })
    const gone = (how: string) => {
      this.#isGone = true
      this.#ended.resolve(how)
    }
    this.#child.once('exit', (code, signal) => gone(signal ?? `exit ${code}`))
    // One that couldn't even be started exits as little as it ran.
    this.#child.on('error', (error) => gone(error.message))
  }

  get isGone(): boolean {
    return this.#isGone
  }

  /** Has one thing done. A process that doesn't answer in time is ended: nothing else stops foreign code. */
  async ask<Name extends Act>(act: Name, asked: Asked<Name>, msMax: number): Promise<Answer<Name>> {
    const reply = await this.#reply({ act, asked }, msMax)
    // Both sides are typed by the same `HsmActs`.
    if ('answer' in reply) return reply.answer as Answer<Name>
    if ('fault' in reply) throw new Fault(reply.fault.code, reply.fault.message, reply.fault.particulars)
    if ('lost' in reply) throw new SessionLost(reply.lost)
    throw new Fault('unavailable', `The hardware module failed: ${reply.failed}.`)
  }

  async #reply(request: Request, msMax: number): Promise<Reply> {
    const { promise, resolve } = Promise.withResolvers<Reply>()
    this.#child.once('message', resolve)
    const late = setTimeout(() => this.#child.kill('SIGKILL'), msMax)
    this.#child.send(request, () => {})
    try {
      const reply = await Promise.race([promise, this.#ended.promise])
      if (typeof reply !== 'string') return reply
      const words = 'The hardware module was cut off, or didn’t answer in time. Try again.'
      throw new Fault('unavailable', words, {}, { cause: new Error(`Its process ended: ${reply}`) })
    } finally {
      clearTimeout(late)
      this.#child.off('message', resolve)
    }
  }

  /** Ends the process; a module that hangs is not waited for. */
  async end(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect()
    const late = setTimeout(() => this.#child.kill('SIGKILL'), goodbyeMsMax)
    await this.#ended.promise
    clearTimeout(late)
  }
}

/** The makers' modules are told by variables where their settings lie; ours, some of which are secret, aren't their business. */
const surroundings = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(CARDEA_|PG)/.test(name)))
