import { randomInt } from 'node:crypto'
import type { Provider } from '@cardea/contract/rotation/provider'
import { list, optional, record, type Shape, ShapeError, text, whole } from '@cardea/contract/shape'
import { Rehearsal } from '../rehearsal.ts'

export type RandomValue = {
  readonly length: number | undefined
  /** Distinct characters, each as likely as the others. */
  readonly alphabet: string | undefined
  /** Stands before the random characters and isn't counted among them. */
  readonly prefix: string | undefined
  /** Sets of characters of which each must be met, `["0123456789", "!?-"]` for one: what password policies ask for. */
  readonly requires: readonly string[] | undefined
}

const lettersAndDigits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** A requirement that so many throws don't meet is one that nobody meant. */
const attemptsMax = 100_000

const distinct: Shape<string> = {
  read(value, where) {
    const alphabet = text().read(value, where)
    const characters = [...alphabet]
    const many = characters.length >= 2 && characters.length <= 256
    if (!many || new Set(characters).size < characters.length || !alphabet.isWellFormed()) {
      throw new ShapeError(where, '2 to 256 distinct characters')
    }
    return alphabet
  },
}

const members = record({
  length: optional(whole(8, 1024)),
  alphabet: optional(distinct),
  prefix: optional(text({ maxCharacters: 256 })),
  requires: optional(list(text({ pattern: /^.+$/su, wanted: 'characters of which one must be met' }), { maxItems: 4 })),
})

const binding: Shape<RandomValue> = {
  ...members,
  read(value, where) {
    const read = members.read(value, where)
    const { alphabet = lettersAndDigits, requires = [] } = read
    for (const [index, set] of requires.entries()) {
      if (!meets(alphabet, set))
        throw new ShapeError(`${where}.requires[${index}]`, 'met by a character of the alphabet')
    }
    return read
  },
}

const meets = (value: string, set: string): boolean => [...set].some((character) => value.includes(character))

/** A value that only its readers need to agree on: a signing key, a cookie secret. No far side has to hear of it. */
export const randomValue: Provider<RandomValue> = {
  name: 'random',
  kind: 'single',
  binding,
  secretsOf: () => [],
  placesOf: () => [],
  slotsOf: () => [],
  slotIn: () => undefined,
  knows: () => true,
  propose({ length = 32, alphabet = lettersAndDigits, prefix = '', requires = [] }) {
    const characters = [...alphabet]
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      // Not the remainder of a random byte: that favours the first characters of most alphabets.
      const value = Array.from({ length }, () => characters[randomInt(characters.length)]).join('')
      // Thrown again as a whole: a character that is forced into a place would say something of that place.
      if (requires.every((set) => meets(value, set))) return prefix + value
    }
    throw new Error(
      'No value meets what the binding requires; give it a longer one, or an alphabet that has more of it',
    )
  },
  apply: async () => {},
  probe: async () => 'valid',
  retire: async () => {},
  async rehearse({ binding }) {
    const rehearsal = new Rehearsal()
    const thinks = async () => void randomValue.propose(binding, undefined)
    await rehearsal.try(
      'A value can be thought of.',
      thinks,
      () => 'Bind it anew, with more length or a wider alphabet.',
    )
    rehearsal.note('No target has to hear of it: programs agree on what they read.')
    return { checks: rehearsal.checks, clean: true }
  },
}
