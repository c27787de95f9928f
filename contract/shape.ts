/** A shape turns what arrived into what we asked for, or says in words why it can't. */
export type Shape<T> = {
  read(value: unknown, where: string): T
  /** Of an object, the members that it looks at; others are passed over. */
  readonly members?: readonly string[]
}

/** What arrived is not what the treaty asks for. `where` is the path of the member, `name` its first word. */
export class ShapeError extends Error {
  readonly where: string
  constructor(where: string, wanted: string) {
    super(`${where} must be ${wanted}`)
    this.name = 'ShapeError'
    this.where = where
  }
}

export type Read<S> = S extends Shape<infer T> ? T : never

const refuse = (where: string, wanted: string): never => {
  throw new ShapeError(where, wanted)
}

type TextRule = {
  readonly maxCharacters?: number
  readonly maxBytes?: number
  readonly pattern?: RegExp
  readonly wanted?: string
}

/** A string; its length counted in characters, in bytes of UTF-8, or both. */
export const text = (rule: TextRule = {}): Shape<string> => ({
  read(value, where) {
    if (typeof value !== 'string') return refuse(where, 'a string')
    // Half a surrogate pair has no UTF-8: it would be kept as something else than was sent.
    if (!value.isWellFormed()) return refuse(where, 'well-formed Unicode')
    if (rule.maxCharacters !== undefined && value.length > rule.maxCharacters) {
      return refuse(where, `at most ${rule.maxCharacters} characters; it has ${value.length}`)
    }
    if (rule.maxBytes !== undefined && value.length * 3 > rule.maxBytes) {
      const bytes = byteLength(value)
      if (bytes > rule.maxBytes) return refuse(where, `at most ${rule.maxBytes} bytes; it has ${bytes}`)
    }
    if (rule.pattern && !rule.pattern.test(value))
      return refuse(where, rule.wanted ?? `of the form ${rule.pattern.source}`)
    return value
  },
})

/** Bytes, as base64url (RFC 4648, 5) with or without its padding. */
export const base64url = ({ maxBytes }: { readonly maxBytes: number }): Shape<Uint8Array> => ({
  read(value, where) {
    if (typeof value !== 'string' || !/^[\w-]*={0,2}$/.test(value)) return refuse(where, 'base64url')
    // Before it is decoded: what is refused costs no memory.
    if (value.length > Math.ceil(maxBytes / 3) * 4) return refuse(where, `at most ${maxBytes} bytes`)
    try {
      const bytes = Uint8Array.fromBase64(value, { alphabet: 'base64url' })
      return bytes.length > maxBytes ? refuse(where, `at most ${maxBytes} bytes`) : bytes
    } catch (error) {
      if (error instanceof ShapeError) throw error
      return refuse(where, 'base64url')
    }
  },
})

const encoder = new TextEncoder()
const byteLength = (value: string): number => encoder.encode(value).length

export const flag: Shape<boolean> = {
  read: (value, where) => (typeof value === 'boolean' ? value : refuse(where, 'true or false')),
}

/** The years 1 to 9999: outside them clients can't show a date, and databases can't keep its milliseconds. */
const [firstSecond, lastSecond] = [-62_135_596_800, 253_402_300_799]

/** A point in time as whole seconds since 1970, the form that Key Vault's JSON has. */
export const seconds: Shape<number> = {
  read: (value, where) =>
    Number.isInteger(value) && (value as number) >= firstSecond && (value as number) <= lastSecond
      ? (value as number)
      : refuse(where, 'a whole number of seconds within the years 1 to 9999'),
}

/** A whole number between two bounds, as JSON has it or as a query parameter spells it. */
export const whole = (min: number, max: number): Shape<number> => ({
  read(value, where) {
    const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value
    return Number.isSafeInteger(number) && (number as number) >= min && (number as number) <= max
      ? (number as number)
      : refuse(where, `a whole number from ${min} to ${max}`)
  },
})

/** What may be missing; null is as good as missing. */
export const optional = <T>(inner: Shape<T>): Shape<T | undefined> => ({
  read: (value, where) => (value === undefined || value === null ? undefined : inner.read(value, where)),
})

/** Like `optional`, but tells null ("take it away") from absent ("leave it"). */
export const nullable = <T>(inner: Shape<T>): Shape<T | null | undefined> => ({
  read: (value, where) => (value === undefined || value === null ? value : inner.read(value, where)),
})

const object = (value: unknown, where: string): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : refuse(where, 'an object')

/** An object with whatever names, and values of one shape. */
export const dictionary = <T>(
  inner: Shape<T>,
  rule: { maxEntries?: number; maxKey?: number } = {},
): Shape<Record<string, T>> => ({
  read(value, where) {
    const entries = Object.entries(object(value, where))
    if (rule.maxEntries !== undefined && entries.length > rule.maxEntries) {
      return refuse(where, `at most ${rule.maxEntries} entries; it has ${entries.length}`)
    }
    return Object.fromEntries(
      entries.map(([key, item]) => {
        if (rule.maxKey !== undefined && key.length > rule.maxKey)
          refuse(where, `keyed by at most ${rule.maxKey} characters`)
        return [key, inner.read(item, `${where}.${key}`)]
      }),
    )
  },
})

/** A list of things of one shape. */
export const list = <T>(inner: Shape<T>, rule: { maxItems?: number } = {}): Shape<T[]> => ({
  read(value, where) {
    if (!Array.isArray(value)) return refuse(where, 'a list')
    if (rule.maxItems !== undefined && value.length > rule.maxItems)
      return refuse(where, `at most ${rule.maxItems} items`)
    return value.map((item, index) => inner.read(item, `${where}[${index}]`))
  },
})

/** One of these words, in the case in which they stand here. */
export const oneOf = <const T extends string>(...words: T[]): Shape<T> => ({
  read: (value, where) => (words.includes(value as T) ? (value as T) : refuse(where, `one of ${words.join(', ')}`)),
})

/** An object with these members; others are passed over, as Azure's services do. */
export const record = <F extends Record<string, Shape<unknown>>>(fields: F): Shape<{ [K in keyof F]: Read<F[K]> }> => {
  const members = Object.entries(fields)
  return {
    members: Object.keys(fields),
    read(value, where) {
      const given = object(value, where)
      const result: Record<string, unknown> = {}
      for (const [key, shape] of members) {
        result[key] = shape.read(
          Object.hasOwn(given, key) ? given[key] : undefined,
          where === '' ? key : `${where}.${key}`,
        )
      }
      return result as { [K in keyof F]: Read<F[K]> }
    },
  }
}

/** Any JSON value, taken as it is. */
export const anything: Shape<unknown> = { read: (value) => value }

/** What must not be said, but as nothing: whoever asks for what isn't there must learn it, since what is passed over is believed. */
export const absent = (wanted: string): Shape<undefined> => ({
  read: (value, where) =>
    value === undefined || value === null || value === false ? undefined : refuse(where, wanted),
})

/** No body, or one that isn't looked at. */
export const nothing: Shape<undefined> = { read: () => undefined }
