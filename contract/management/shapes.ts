import { dictionary, nothing, optional, record, type Shape, ShapeError, text } from '../shape.ts'

/** A number in a query: digits. */
const count: Shape<number> = {
  read(value, where) {
    if (typeof value === 'string' && /^[1-9]\d{0,3}$/.test(value)) return Number(value)
    throw new ShapeError(where, 'a number from 1 to 9999')
  },
}

/** The first api-version of Resource Manager. Api-versions are dates, and any is taken. */
export const first = '2014-04-01'

/** What is read: resources and lists of them. */
export const reading = { method: 'GET', since: first, effect: 'read', body: nothing, status: 200 } as const

/** A name in the path of a resource id. What it may be is the resource's own rule; here, that it can't be two. */
export const part = text({
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these don't belong in an id
  pattern: /^[^/\\?#%&<>\u0000-\u001f\u007f]{1,128}$/,
  wanted: 'a name of at most 128 characters without / \\ ? # % & < >',
})
export const none = record({})
export const inSubscription = record({ subscription: part })
export const inGroup = record({ subscription: part, group: part })

/** A name that somebody would like to give, and to what. */
export const nameWished = record({
  name: text({ maxCharacters: 128 }),
  type: optional(text({ maxCharacters: 128 })),
})

/** How many of a list on one page, and where the page before ended. */
export const paged = { $top: optional(count), $skiptoken: optional(text({ maxCharacters: 512 })) }
export const pages = record(paged)

export const tags = dictionary(text({ maxCharacters: 256 }), { maxEntries: 50, maxKey: 512 })

/** A region, by its name or as people write it: `West Europe` is `westeurope`. */
export const region: Shape<string> = {
  read: (value, where) =>
    text({ pattern: /^[\w ()-]{1,64}$/, wanted: 'the name of a region' })
      .read(value, where)
      .replaceAll(' ', '')
      .toLowerCase(),
}

/** One of these words, whatever the case of its letters. */
export const word = <const T extends string>(...words: T[]): Shape<T> => ({
  read(value, where) {
    const found = words.find((one) => typeof value === 'string' && one.toLowerCase() === value.toLowerCase())
    if (found === undefined) throw new ShapeError(where, `one of ${words.join(', ')}`)
    return found
  },
})
