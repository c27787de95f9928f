import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import type { Sight } from '#core/perform.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { keyOfStore, type Store } from '#core/vaults/store.ts'
import type { Change, ChangeSet, Step } from './change-set.ts'
import {
  addChangeSet,
  type ChangeSetPlace,
  keptChangeSet,
  newestChangeSets,
  type Sealed,
  updateChangeSet,
} from './change-set-rows.ts'
import type { Address, Tags } from './setting.ts'
import { seesOf } from './sight.ts'

/** What a change set is to do; once it is applied, what it did. */
type Content = { readonly changes: readonly Change[] } | { readonly steps: readonly Step[] }

type Opener = { readonly sql: Sql; readonly keyring: Keyring }

const resourceOfSet = (store: Store, id: string): string => `${store.resourceId}/changeSets/${id}`

async function sealedOf({ sql, keyring }: Opener, store: Store, set: ChangeSet, content: Content): Promise<Sealed> {
  const place = resourceOfSet(store, set.id)
  const { id, created, ended } = set
  return {
    ...{ id, created, ended },
    profile: await keyring.seal(sql, keyOfStore(store), JSON.stringify(set), place),
    content: await keyring.seal(sql, keyOfStore(store), JSON.stringify(content), `${place}/content`),
  }
}

const openedSet = async ({ sql, keyring }: Opener, store: Store, { id, profile }: Sealed): Promise<ChangeSet> =>
  JSON.parse(await keyring.unseal(sql, keyOfStore(store), profile, resourceOfSet(store, id)))
const openedContent = async ({ sql, keyring }: Opener, store: Store, { id, content }: Sealed): Promise<Content> =>
  JSON.parse(await keyring.unseal(sql, keyOfStore(store), content, `${resourceOfSet(store, id)}/content`))

/** Keeps a new change set, sealed to its place. */
export async function keepNew(opener: Opener, store: Store, set: ChangeSet, content: Content): Promise<void> {
  await addChangeSet(opener.sql, store.name, await sealedOf(opener, store, set, content))
}

/** Keeps what has become of a change set. */
export async function keepChanged(opener: Opener, store: Store, set: ChangeSet, content: Content): Promise<void> {
  await updateChangeSet(opener.sql, store.name, await sealedOf(opener, store, set, content))
}

const noSuchChangeSet = (): Fault => new Fault('not-found', 'There is no such change set.')

/** A change set with all that it is about, whoever asks. */
export async function found(
  opener: Opener,
  store: Store,
  id: string,
): Promise<{ readonly set: ChangeSet; readonly content: Content }> {
  const sealed = await keptChangeSet(opener.sql, store.name, id)
  if (sealed === undefined) throw noSuchChangeSet()
  return { set: await openedSet(opener, store, sealed), content: await openedContent(opener, store, sealed) }
}

/** What a change set is about, as far as the reader may see it; `steps` are none while it waits. */
export type Shown = { readonly set: ChangeSet } & Content

/** The tags by which something is judged: of what was there, and of what is there then. */
const tagsOfStep = ({ before, after }: Step): Tags[] =>
  [before, after].flatMap((setting) => (setting === undefined ? [] : [setting.tags]))

/** The tags that a change gives; a deletion or a lock names none. */
export const tagsOfChange = (change: Change): Tags[] => (change.deed === 'set' ? [change.draft.tags] : [])

/** What of it the reader may see. */
function visible<One extends Address>(
  sees: ReturnType<typeof seesOf>,
  all: readonly One[],
  tagsOf: (one: One) => readonly Tags[],
): readonly One[] {
  if (sees === undefined) return all
  return all.filter((one) => {
    const judged = tagsOf(one)
    return (judged.length === 0 ? [{}] : judged).every((tags) => sees({ key: one.key, label: one.label, tags }))
  })
}
const visibleIn = (sees: ReturnType<typeof seesOf>, content: Content): Content =>
  'steps' in content
    ? { steps: visible(sees, content.steps, tagsOfStep) }
    : { changes: visible(sees, content.changes, tagsOfChange) }
const countIn = (content: Content): number => ('steps' in content ? content.steps : content.changes).length

/** A change set that is to be cancelled or undone: by who may see all of it, since what can't be done to it is named. */
export async function foundWhole(
  hand: Opener & Pick<Sight<'settings/write'>, 'permit'>,
  store: Store,
  id: string,
): ReturnType<typeof found> {
  const whole = await found(hand, store, id)
  const seen = countIn(visibleIn(seesOf(hand.permit, store), whole.content))
  if (seen === 0 && whole.set.count > 0) throw noSuchChangeSet()
  if (seen < countIn(whole.content))
    throw new Fault('forbidden', 'Who cancels or undoes a change set must be allowed to see all that it is about.')
  return whole
}

/** A change set with what it is about. One that is about nothing the reader may see isn't there. */
export async function getChangeSet(sight: Sight<'settings/read'>, store: Store, id: string): Promise<Shown> {
  const { set, content } = await found(sight, store, id)
  const seen = visibleIn(seesOf(sight.permit, store), content)
  if (countIn(seen) === 0 && set.count > 0) throw noSuchChangeSet()
  return { set: { ...set, count: countIn(seen) }, ...seen }
}

/** Change sets, the newest first, as far as the reader may see something of what they are about. */
export async function listChangeSets(
  sight: Sight<'settings/read'>,
  store: Store,
  after: ChangeSetPlace | undefined,
  limit: number,
): Promise<ChangeSet[]> {
  const sees = seesOf(sight.permit, store)
  const sets: ChangeSet[] = []
  for (let place = after; sets.length < limit; ) {
    const piece = await newestChangeSets(sight.sql, store.name, place, limit)
    for (const sealed of piece) {
      const set = await openedSet(sight, store, sealed)
      if (sees === undefined) sets.push(set)
      else {
        const count = countIn(visibleIn(sees, await openedContent(sight, store, sealed)))
        if (count > 0) sets.push({ ...set, count })
      }
    }
    place = piece.at(-1)
    if (piece.length < limit) break
  }
  return sets.slice(0, limit)
}

/** Whether a store, live or deleted, has such a change set. */
export const isChangeSet = async (sql: Sql, storeName: string, id: string): Promise<boolean> =>
  (await keptChangeSet(sql, storeName, id)) !== undefined

/** A change set that still waits; undefined for one that doesn't. */
export async function waitingChangeSet(opener: Opener, store: Store, id: string): Promise<ChangeSet | undefined> {
  const sealed = await keptChangeSet(opener.sql, store.name, id)
  const set = sealed && (await openedSet(opener, store, sealed))
  return set?.state === 'waiting' ? set : undefined
}
