/**
 * One turn after another. What is asked for while a turn runs is gathered, and taken together by the next one: whoever
 * asks gets a turn that began after the question.
 */
export class Turns<Demand> {
  readonly #take: (demand: Demand) => Promise<void>
  readonly #join: (gathered: Demand, more: Demand) => Demand
  #last: Promise<void> = Promise.resolve()
  #next: { demand: Demand; done: Promise<void> } | undefined

  constructor(take: (demand: Demand) => Promise<void>, join: (gathered: Demand, more: Demand) => Demand) {
    this.#take = take
    this.#join = join
  }

  ask(demand: Demand): Promise<void> {
    if (this.#next) {
      this.#next.demand = this.#join(this.#next.demand, demand)
      return this.#next.done
    }
    const next = { demand, done: Promise.resolve() }
    next.done = this.#last
      .catch(() => {})
      .then(() => {
        this.#next = undefined
        return this.#take(next.demand)
      })
    this.#next = next
    this.#last = next.done
    return next.done
  }
}
