import { setImmediate as soon } from 'node:timers/promises'
import type { Instant } from '#base/clock.ts'
import type { Sql } from '#base/sql.ts'
import { nextFree } from './due-rows.ts'

/**
 * What is due next, of each kind. Every commit wakes all workers of a node; those who look at the same moment share one
 * look, which begins after the last of them has asked: so nobody is told what was so before they woke. Measured with two
 * nodes that rotated all day: three of four statements were of workers with nothing to do.
 */
export class DueBoard {
  readonly #sql: Sql
  #look: Promise<ReadonlyMap<string, Instant>> | undefined

  constructor(sql: Sql) {
    this.#sql = sql
  }

  /** When something of a kind is next due and free, if ever. */
  async next(kind: string): Promise<Instant | undefined> {
    this.#look ??= soon().then(() => {
      this.#look = undefined
      return nextFree(this.#sql)
    })
    return (await this.#look).get(kind)
  }
}
