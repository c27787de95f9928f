import { setPriority } from 'node:os'
import { parentPort, Worker } from 'node:worker_threads'
import { Fault, type FaultCode, type Particulars } from './fault.ts'

/**
 * Work that would hold the event loop up, done in line by a thread of its own. The thread begins with the first work and
 * ends when there has been none for a while; it gives way to everything else on the machine. One that dies fails whoever
 * waited for it, and the next work begins another.
 *
 * Bytes cross as copies that only the other side has, and that side wipes them when it is done: nobody's buffer is shared, nor
 * what else lies in the same pool.
 */

/** Any function of one argument fits, whatever that is. */
type Acts = Readonly<Record<string, (asked: never) => unknown>>
type Asked<A extends Acts, Name extends keyof A> = Parameters<A[Name]>[0]
type Answer<A extends Acts, Name extends keyof A> = Awaited<ReturnType<A[Name]>>

type Request = { readonly id: number; readonly act: string; readonly asked: unknown }
type Reply = { readonly id: number } & (
  | { readonly answer: unknown }
  | { readonly fault: { readonly code: FaultCode; readonly message: string; readonly particulars: Particulars } }
  /** Something that nobody foresaw, by its code: its text may hold what was worked on. */
  | { readonly failed: string }
)

type Waiting = { resolve(answer: unknown): void; reject(fault: Fault): void }
type Seat = { readonly worker: Worker; readonly waiting: Map<number, Waiting> }

export type LineOptions = {
  /** What the thread runs: a module that calls `answer`. */
  readonly file: URL
  /** What the work is about, for those who are turned away: `keys`. */
  readonly about: string
  readonly waitingMax: number
  readonly idleMs?: number
}

const retryMs = 1000
/** As `nice` has it without being told how much: half of what there is, so that the event loop always comes first. */
const niceness = 10
const idleMsDefault = 5 * 60_000
const heapMbMax = 128

/** The side of those who ask. */
export class WorkerLine<A extends Acts> {
  readonly #options: LineOptions
  #seat: Seat | undefined
  #ended: Promise<unknown> = Promise.resolve()
  #rest: NodeJS.Timeout | undefined
  #nextId = 0
  #closed = false

  constructor(options: LineOptions) {
    this.#options = options
  }

  /** Has the thread do one thing. Throws what the thread threw if that was a Fault, and `throttled` if too many wait. */
  async ask<Name extends keyof A & string>(act: Name, asked: Asked<A, Name>): Promise<Answer<A, Name>> {
    const { about, waitingMax } = this.#options
    if (this.#closed) throw new Fault('unavailable', `Work on ${about} has ended here: the server is closing.`)
    if (this.#seat !== undefined && this.#seat.waiting.size >= waitingMax) {
      throw new Fault('throttled', `Too much work on ${about} waits already. Try again in a moment.`, {
        retryMs: String(retryMs),
      })
    }
    clearTimeout(this.#rest)
    this.#seat ??= this.#begin()
    const { worker, waiting } = this.#seat
    const id = this.#nextId++
    const answer = Promise.withResolvers<unknown>()
    waiting.set(id, answer)
    worker.ref()
    post(worker, { id, act, asked } satisfies Request)
    // The thread's half is typed by the same `A`, so what comes back is what the act returns.
    return (await answer.promise) as Answer<A, Name>
  }

  /** Ends the thread; who still waits for it is told so. */
  async close(): Promise<void> {
    this.#closed = true
    this.#end()
    await this.#ended
  }

  #begin(): Seat {
    const { file, about } = this.#options
    const worker = new Worker(file, {
      name: about,
      // What the process was told in secret isn't the thread's business.
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: heapMbMax },
    })
    const seat: Seat = { worker, waiting: new Map() }
    worker.on('message', (reply: Reply) => this.#settle(seat, reply))
    worker.on('error', (error) => this.#lose(seat, codeOf(error)))
    worker.on('messageerror', (error) => this.#lose(seat, codeOf(error)))
    worker.on('exit', (code) => this.#lose(seat, `exit ${code}`))
    return seat
  }

  #settle(seat: Seat, reply: Reply): void {
    if (this.#seat !== seat) return
    const { about, idleMs = idleMsDefault } = this.#options
    const waiting = seat.waiting.get(reply.id)
    seat.waiting.delete(reply.id)
    if (seat.waiting.size === 0) {
      // A thread that rests holds no process open.
      seat.worker.unref()
      this.#rest = setTimeout(() => this.#end(), idleMs).unref()
    }
    if ('answer' in reply) waiting?.resolve(reply.answer)
    else if ('fault' in reply) {
      const { code, message, particulars } = reply.fault
      waiting?.reject(new Fault(code, message, particulars))
    } else {
      const cause = new Error(`Work on ${about} failed: ${reply.failed}`)
      waiting?.reject(new Fault('internal', 'Something went wrong on our side.', {}, { cause }))
    }
  }

  #end(): void {
    clearTimeout(this.#rest)
    if (this.#seat !== undefined) this.#lose(this.#seat, 'closed')
  }

  #lose(seat: Seat, why: string): void {
    if (this.#seat === seat) this.#seat = undefined
    const { about } = this.#options
    const cause = new Error(`The thread of ${about} ended: ${why}`)
    for (const { reject } of seat.waiting.values()) {
      reject(new Fault('unavailable', `Work on ${about} was cut off. Try again.`, {}, { cause }))
    }
    seat.waiting.clear()
    this.#ended = Promise.all([this.#ended, seat.worker.terminate()])
  }
}

/**
 * The side of the thread: begins what it is asked in the order of the asking. What an act is handed and what it returns is wiped
 * afterwards, so it keeps neither. Called once, by the module that the thread runs.
 */
export function answer(acts: Acts): void {
  const port = parentPort
  if (port === null) throw new Error('This module is run by a thread only.')
  // On Linux each thread has a priority of its own; elsewhere this would slow the whole process down.
  if (process.platform === 'linux') setPriority(niceness)
  port.on('message', async ({ id, act, asked }: Request) => {
    try {
      // The asking half is typed by the same acts, so what is asked is what the act takes.
      const answer = await acts[act]?.(asked as never)
      post(port, { id, answer } satisfies Reply)
      wipe(answer)
    } catch (error) {
      post(port, (error instanceof Fault ? { id, fault: faultWords(error) } : { id, failed: codeOf(error) }) as Reply)
    } finally {
      wipe(asked)
    }
  })
}

const faultWords = ({ code, message, particulars }: Fault) => ({ code, message, particulars })

/** What may be told of an error whose text we don't know: its code, or else its kind. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}

function post(to: Pick<Worker, 'postMessage'>, message: unknown): void {
  const buffers: ArrayBuffer[] = []
  to.postMessage(copied(message, buffers), buffers)
}

/** The same message with bytes of its own, which are gathered in `buffers` to be handed over. */
function copied(part: unknown, buffers: ArrayBuffer[]): unknown {
  if (part instanceof Uint8Array) {
    const own = new Uint8Array(part)
    buffers.push(own.buffer)
    return own
  }
  if (Array.isArray(part)) return part.map((each) => copied(each, buffers))
  if (typeof part !== 'object' || part === null) return part
  return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, copied(value, buffers)]))
}

/** Of bytes that were a secret none stays, however deep they lie. */
export function wipe(part: unknown): void {
  if (part instanceof Uint8Array) part.fill(0)
  else if (typeof part === 'object' && part !== null) Object.values(part).forEach(wipe)
}
