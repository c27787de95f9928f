import { Fault } from '../../fault.ts'
import type { Lane } from './lane.ts'
import type { Act, Answer, Asked } from './module-process.ts'

const retryMs = 1000

/** Several ways to the token, and a line of those who wait for one. */
export class Lanes {
  readonly #all: readonly Lane[]
  readonly #free: Lane[]
  readonly #waiting: ((lane: Lane) => void)[] = []
  readonly #waitingMax: number

  constructor(lanes: readonly Lane[], waitingMax: number) {
    this.#all = lanes
    this.#free = [...lanes]
    this.#waitingMax = waitingMax
  }

  async ask<Name extends Act>(act: Name, asked: Asked<Name>): Promise<Answer<Name>> {
    const lane = await this.#next()
    try {
      return await lane.ask(act, asked)
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free.push(lane)
      else next(lane)
    }
  }

  /** A lane that does nothing at the moment: the one that worked last, whose keys are most likely held. */
  async #next(): Promise<Lane> {
    const free = this.#free.pop()
    if (free !== undefined) return free
    if (this.#waiting.length >= this.#waitingMax) {
      const words = 'Too much work waits for the hardware module already. Try again in a moment.'
      throw new Fault('throttled', words, { retryMs: String(retryMs) })
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((lane) => lane.close()))
  }
}
