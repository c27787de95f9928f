import { randomInt } from 'node:crypto'
import type { Provider } from '@cardea/contract/rotation/provider'
import { optional, record, type Shape, ShapeError, text, whole } from '@cardea/contract/shape'

export type RandomValue = {
  readonly length: number | undefined
  /** Distinct characters, each as likely as the others. */
  readonly alphabet: string | undefined
  /** Stands before the random characters and isn't counted among them. */
  readonly prefix: string | undefined
}

const lettersAndDigits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

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

/** A value that only its readers need to agree on: a signing key, a cookie secret. No far side has to hear of it. */
export const randomValue: Provider<RandomValue> = {
  name: 'random',
  kind: 'single',
  binding: record({
    length: optional(whole(8, 1024)),
    alphabet: optional(distinct),
    prefix: optional(text({ maxCharacters: 256 })),
  }),
  secretsOf: () => [],
  placesOf: () => [],
  slotsOf: () => [],
  slotIn: () => undefined,
  knows: () => true,
  propose({ length = 32, alphabet = lettersAndDigits, prefix = '' }) {
    const characters = [...alphabet]
    // Not the remainder of a random byte: that favours the first characters of most alphabets.
    return prefix + Array.from({ length }, () => characters[randomInt(characters.length)]).join('')
  },
  apply: async () => {},
  probe: async () => 'valid',
  retire: async () => {},
}
