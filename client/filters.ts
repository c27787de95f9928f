/** Which settings a configuration is made of: App Configuration's filters, read the way the service reads them. */
export type Selector = {
  /** `*`, a key, a prefix with `*`, or up to five keys with commas. A backslash takes `*`, `,` and itself literally. */
  readonly keyFilter: string
  /** One label; by default settings without one. */
  readonly labelFilter?: string
}

/** No label, as a filter spells it. */
export const noLabel = '\0'
/** What the keys of feature flags begin with. */
export const flagPrefix = '.appconfig.featureflag/'

/** Whether a filter takes a text. */
export function matches(filter: string, text: string): boolean {
  if (filter === '' || filter === '*') return true
  const words: string[] = []
  let word = ''
  let prefix = false
  for (let at = 0; at < filter.length; at += 1) {
    const sign = filter[at]
    if (sign === ',') {
      words.push(word)
      word = ''
    } else if (sign === '*' && at === filter.length - 1) {
      prefix = true
    } else {
      if (sign === '\\' && at + 1 < filter.length) at += 1
      word += filter[at]
    }
  }
  return prefix ? text.startsWith(word) : [...words, word].includes(text)
}

/** Whether a selector takes a setting. Flags are taken only by those who ask for them, as the official providers do. */
export const selects = ({ keyFilter, labelFilter }: Selector, key: string, label: string | undefined): boolean =>
  matches(keyFilter, key) &&
  labelOf(labelFilter) === label &&
  (!key.startsWith(flagPrefix) || keyFilter.startsWith(flagPrefix))

/** A label as a setting has it: the null label in all its spellings is none. */
export const labelOf = (label: string | null | undefined): string | undefined =>
  label === noLabel || label === '' || label === null ? undefined : label

/** The key as the program reads it: without the first of these prefixes that it has. */
export const trimmed = (key: string, prefixes: readonly string[]): string =>
  key.slice(prefixes.find((prefix) => key.startsWith(prefix))?.length ?? 0)
