import { Fault } from '../fault.ts'

/**
 * How much work a bundle of somebody else's may ask of us. It says itself how often a password is hashed, so without a bound one
 * small file could keep a processor busy for days.
 */
export class Effort {
  #left = roundsInAllMax

  /** Refuses what is no number of rounds, or more than are left. */
  spend(rounds: number): void {
    if (!Number.isInteger(rounds) || rounds < 1 || rounds > roundsMax || rounds > this.#left) {
      throw new Fault('invalid', `The bundle asks for too many rounds of hashing; ${roundsMax} are the most.`, {
        where: 'value',
      })
    }
    this.#left -= rounds
  }
}

const roundsMax = 1_000_000
/** For all keys that one bundle has derived, together. */
const roundsInAllMax = 2_500_000
