import { ConfigurationError } from './errors.ts'
import { labelOf, type Selector, selects, trimmed } from './filters.ts'
import type { Page, Setting, Store } from './store.ts'

/**
 * What was read from a store, whole: pages with their ETags, and the watched settings with theirs. A reading is never
 * changed; the next one is made beside it. So a reading that fails half-way leaves no ETag behind that would hide the
 * change from the one after it.
 */
export type Reading = {
  readonly marks: readonly (string | undefined)[]
  readonly selections: readonly (readonly Page[])[]
  /** Settings read singly since, by `placeOf`; `undefined` for one that is gone. */
  readonly patches: ReadonlyMap<string, Setting | undefined>
}
export type Watched = { readonly key: string; readonly label?: string }
export type Plan = { readonly selectors: readonly Selector[]; readonly watched: readonly Watched[] }

const roundsMax = 4
const pagesMax = 1000
/** A setting's key and label as one text. */
export const placeOf = (key: string, label: string | undefined): string => `${label ?? ''}\0${key}`

/**
 * Reads what the plan asks for. Several pages can't be read in one instant, so they are read until a round finds nothing
 * new: then everything was true at once. Gives the known reading itself if nothing changed. With watched settings,
 * nothing else is looked at until one of them changed.
 */
export async function read(store: Store, plan: Plan, known?: Reading, signal?: AbortSignal): Promise<Reading> {
  let last = known
  for (let round = 0; ; round += 1) {
    const marks = await Promise.all(
      plan.watched.map(({ key, label }, at) => markOf(store, key, labelOf(label), last?.marks[at], signal)),
    )
    const moved = !last || marks.some((mark, at) => mark !== last?.marks[at])
    if (last && plan.watched.length > 0 && !moved && round === 0) return last
    const selections = await Promise.all(
      plan.selectors.map((selector, at) => walk(store, selector, last?.selections[at], signal)),
    )
    const changed =
      moved || selections.some((pages, at) => pages !== last?.selections[at]) || (last?.patches.size ?? 0) > 0
    const next: Reading = last && !changed ? last : { marks, selections, patches: new Map() }
    const requests = marks.length + selections.reduce((sum, pages) => sum + pages.length, 0)
    // A store that is written to faster than it can be read never rests; each of its values is still one that was written.
    if (!changed || requests === 1 || round + 1 === roundsMax) return next
    last = next
  }
}

async function markOf(
  store: Store,
  key: string,
  label: string | undefined,
  known: string | undefined,
  signal?: AbortSignal,
) {
  const found = await store.setting(key, label, known, signal)
  return found === 'unchanged' ? known : found === 'absent' ? undefined : found.etag
}

async function walk(
  store: Store,
  selector: Selector,
  known: readonly Page[] | undefined,
  signal?: AbortSignal,
): Promise<readonly Page[]> {
  const pages: Page[] = []
  let path: string | undefined = store.firstPage(selector)
  let changed = false
  while (path !== undefined) {
    // Settings that are merely not reached must not look like settings that are gone.
    if (pages.length === pagesMax) {
      throw new ConfigurationError('malformed', `The store has more than ${pagesMax} pages for one selector.`)
    }
    const before: Page | undefined = known?.[pages.length]?.path === path ? known[pages.length] : undefined
    const answer: Page | undefined = await store.page(path, before?.etag, signal)
    const page: Page | undefined = answer && before && samePage(answer, before) ? before : (answer ?? before)
    if (!page) break
    if (page !== before) changed = true
    pages.push(page)
    path = page.next
  }
  return known && !changed && pages.length === known.length ? known : pages
}

/** For a store that gives no ETags on its pages, or ignores them. */
const samePage = (a: Page, b: Page): boolean =>
  a.etag === b.etag &&
  a.next === b.next &&
  a.settings.length === b.settings.length &&
  a.settings.every(({ key, etag }, at) => key === b.settings[at]?.key && etag === b.settings[at]?.etag)

/** A setting of which an event told. */
export type Place = Watched & { readonly deleted: boolean }

/**
 * The reading with these settings read anew, one by one. Nothing, if one is absent that wasn't told to be deleted: a 404
 * can come from anything between us and the store, and only a page without the setting proves that it is gone.
 */
export async function patch(
  store: Store,
  known: Reading,
  places: readonly Place[],
  signal?: AbortSignal,
): Promise<Reading | undefined> {
  const found = await Promise.all(
    places.map(async ({ key, label, deleted }) => {
      const setting = await store.setting(key, label, undefined, signal)
      const gone = typeof setting === 'string'
      return { place: placeOf(key, label), setting: gone ? undefined : setting, doubtful: gone && !deleted }
    }),
  )
  if (found.some(({ doubtful }) => doubtful)) return undefined
  return {
    ...known,
    patches: new Map([...known.patches, ...found.map(({ place, setting }) => [place, setting] as const)]),
  }
}

/**
 * The settings by the key that the program reads: selectors in their order, later ones win. A setting without a value
 * counts as not there: there is nothing that a program could do with it.
 */
export function settingsOf(
  { selections, patches }: Reading,
  { selectors }: Plan,
  prefixes: readonly string[],
): Map<string, Setting> {
  const settings = new Map<string, Setting>()
  selectors.forEach((selector, at) => {
    const read = selections[at]?.flatMap(({ settings }) => settings) ?? []
    const kept = read.filter(({ key, label }) => !patches.has(placeOf(key, label)))
    const patched = [...patches.values()].filter((setting) => setting !== undefined)
    for (const setting of [...kept, ...patched]) {
      if (setting.value === undefined || !selects(selector, setting.key, setting.label)) continue
      settings.set(trimmed(setting.key, prefixes), setting)
    }
  })
  return settings
}
