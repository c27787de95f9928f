import { type Action, actions } from '@cardea/contract/actions'
import { Fault } from '#base/fault.ts'
import type { Permit } from '#core/access/access.ts'
import { attributesOfTags } from '#core/access/condition.ts'
import type { Store } from '#core/vaults/store.ts'
import { type Address, type Moment, noSuchSetting, type Part, type Setting, type Slice, type Tags } from './setting.ts'
import type { Kept } from './setting-rows.ts'

/**
 * Who may not see all of a store sees those settings that the conditions of their roles let through, by key, label and
 * tags. What is hidden counts for nothing: not in a list, not in where its pages end, and asked for by its key it is
 * refused whether it is there or not.
 */

/**
 * The id of a setting, in the form that Azure's resource ids give key-values: key and label with `$` between them.
 * Both are escaped, so no two settings share an id whatever characters they hold.
 */
export const resourceOf = (store: Pick<Store, 'resourceId'>, { key, label }: Address): string =>
  `${store.resourceId}/keyValues/${encodeURIComponent(key)}${label === undefined ? '' : `$${encodeURIComponent(label)}`}`

type Asker = Pick<Permit<Action>, 'allows' | 'extent'>
type Tagged = Address & { readonly tags: Tags }
type SettingAction = 'settings/read' | 'settings/write' | 'settings/delete'

/** Whether a setting is one that the caller may do this to; undefined when all are. */
type Sees = ((setting: Tagged) => boolean) | undefined

/** What the caller may see of a store’s settings; undefined for all of them. */
export const seesOf = (permit: Asker, store: Store, action: SettingAction = 'settings/read'): Sees =>
  permit.extent(action, store.resourceId) === 'all'
    ? undefined
    : (setting) => permit.allows(action, resourceOf(store, setting), attributesOfTags(setting.tags))

/** Refuses what the caller may not do to a setting, and to what the setting is to become. */
export function refuseHidden(
  permit: Asker,
  store: Store,
  action: SettingAction,
  settings: readonly (Tagged | undefined)[],
): void {
  const sees = seesOf(permit, store, action)
  if (sees === undefined) return
  for (const setting of settings) if (setting !== undefined && !sees(setting)) throw hidden(action)
}

/** The setting at an address, if it is there and may be seen. */
export function seen(permit: Asker, store: Store, address: Address, setting: Setting | undefined): Setting {
  refuseHidden(permit, store, 'settings/read', [setting ?? { ...address, tags: {} }])
  if (setting === undefined) throw noSuchSetting()
  return setting
}

/** Refuses one who may see some settings only what tells of all: snapshots, whose making takes in all of the store. */
export function refusePartial(permit: Asker, store: Store): void {
  if (permit.extent('settings/read', store.resourceId) === 'some') throw hidden('settings/read')
}

const hidden = (action: SettingAction): Fault =>
  new Fault('forbidden', 'Caller is not authorized to perform action on resource.', { action: actions[action] })

/** So many are looked at together to find a page of those that may be seen. */
const sieveMax = 500

/** A page of those that may be seen, from a list of all. */
export async function sifted<After>(
  list: (moment: Moment, slice: Slice<After>) => Promise<Part<Kept>>,
  sees: Sees,
  moment: Moment,
  { after, limit }: Slice<After>,
  placeIn: (setting: Kept['setting']) => After,
): Promise<Part<Kept>> {
  if (sees === undefined) return list(moment, { after, limit })
  const items: Kept[] = []
  for (let [place, at] = [after, moment]; ; ) {
    const part = await list(at, { after: place, limit: sieveMax })
    at = part.moment
    items.push(...part.items.filter(({ setting }) => sees(setting)))
    const last = part.items.at(-1)
    if (items.length >= limit || part.items.length < sieveMax || last === undefined)
      return { items: items.slice(0, limit), moment: at }
    place = placeIn(last.setting)
  }
}
