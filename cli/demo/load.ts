import { Agent, request } from 'node:http'

/** What an instance said in one answer: the login and the version it used, and when. */
export type Used = { readonly login: string; readonly version: string; readonly at: number }
export type Count = { served: number; failed: number; readonly errors: Map<string, number> }

const answerMsMax = 5_000

/**
 * Asks an instance so many times a second, whether earlier answers have come or not: who waits politely for a slow server
 * never sees it fail.
 */
export class Load implements AsyncDisposable {
  readonly #count: Count
  readonly #agent = new Agent({ keepAlive: true })
  readonly #port: number
  readonly #used: (used: Used) => void
  readonly #timer: NodeJS.Timeout
  readonly #began = performance.now()
  readonly #flights = new Set<Promise<void>>()
  #sent = 0

  constructor(port: number, perSecond: number, count: Count, used: (used: Used) => void) {
    this.#port = port
    this.#count = count
    this.#used = used
    this.#timer = setInterval(() => {
      const due = Math.floor(((performance.now() - this.#began) / 1000) * perSecond)
      for (; this.#sent < due; this.#sent += 1) this.#send()
    }, 1000 / perSecond)
  }

  /** Asks no more, and waits for the answers that are due. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#flights)
    this.#agent.destroy()
  }

  #send(): void {
    const flight = this.#ask()
      .then(
        (used) => {
          this.#count.served += 1
          this.#used(used)
        },
        (error: Error) => {
          this.#count.failed += 1
          this.#count.errors.set(error.message, (this.#count.errors.get(error.message) ?? 0) + 1)
        },
      )
      .finally(() => this.#flights.delete(flight))
    this.#flights.add(flight)
  }

  #ask(): Promise<Used> {
    return new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port: this.#port, agent: this.#agent, method: 'POST', path: '/orders' })
      const late = setTimeout(() => sent.destroy(new Error('no answer in time')), answerMsMax)
      sent.once('close', () => clearTimeout(late))
      sent.once('error', reject)
      sent.once('response', async (answer) => {
        try {
          let text = ''
          for await (const part of answer.setEncoding('utf8')) text += part
          const said = JSON.parse(text) as Used & { error?: string }
          if (answer.statusCode === 200) resolve(said)
          else reject(new Error(said.error ?? `answered ${answer.statusCode}`))
        } catch (error) {
          reject(error)
        }
      })
      sent.end()
    })
  }
}
