import * as contract from '@cardea/contract/appconfig/key-values'
import { Fault } from '#base/fault.ts'
import { listSettings, type Page } from '#core/configuration/configuration.ts'
import type { KnownPages, PageFace } from '#core/configuration/known-pages.ts'
import type { Address } from '#core/configuration/setting.ts'
import { listSnapshotSettings } from '#core/configuration/snapshots.ts'
import type { Sight } from '#core/perform.ts'
import type { Store } from '#core/vaults/store.ts'
import { type Call, Reply } from '../../plane.ts'
import { type StoreRoutes, storeRoute } from '../appconfig-route.ts'
import { conditionally, conditionOf } from '../conditions.ts'
import { filterFrom, tagsFrom } from '../filter.ts'
import { momentOf } from '../moments.ts'
import { linkOf, nextAfter, nextLink, nextTarget, pageEtag, placeOf } from '../paging.ts'
import { theStore } from './resource.ts'
import { type Chosen, chosenBy, keyValueOf, speaks } from './wire.ts'

const type = 'application/vnd.microsoft.appconfig.kvset+json; charset=utf-8'

/** GET and HEAD are one answer; HTTP leaves the body of the second out. The link to the next page comes on 304, too. */
const listing = (operation: typeof contract.listSettings | typeof contract.headSettings, pages: KnownPages) =>
  storeRoute(operation, {
    resource: theStore,
    async run(sight, { query, subject: store, call }) {
      const { snapshot, key, label, tags, after } = query
      const chosen = chosenBy(query)
      if (snapshot !== undefined) {
        if (key !== undefined || label !== undefined || tags.length > 0)
          throw new Fault('invalid', 'A snapshot has filters of its own: key, label and tags must be absent.', {
            where: 'snapshot',
          })
        return ofSnapshot(sight, store, call, { name: snapshot, after, chosen })
      }
      const selection = {
        key: filterFrom('key', key),
        label: filterFrom('label', label, 'label'),
        tags: speaks(call, '2023-11-01') ? tagsFrom('tags', tags) : [],
      }
      const place = placeOf(after, momentOf(call, sight.at))
      const wish = { selection, moment: place.moment, after: addressIn(place.after) }
      const memory = pages.about(sight, store, wish)
      const known = await memory.unchanged(conditionOf(call))
      if (known !== undefined) return unchanged(call, known)
      const slice = { after: wish.after, limit: contract.pageSize }
      const page = await listSettings(sight, store, selection, place.moment, slice)
      return pageOf(call, page, placeOfAddress, chosen, (face) => memory.keep(face, page.moment))
    },
  })

/** What a snapshot holds; its places are numbers, and its content never changes. */
async function ofSnapshot(
  sight: Sight<'settings/read'>,
  store: Store,
  call: Call,
  { name, after, chosen }: { readonly name: string; readonly after: string | undefined; readonly chosen: Chosen },
): Promise<Reply> {
  const [number = ''] = placeOf(after, { kind: 'now' }).after ?? []
  const from = /^\d{1,9}$/.test(number) ? Number(number) : 0
  const page = await listSnapshotSettings(sight, store, name, from, contract.pageSize)
  return pageOf(call, page, () => [String(page.next)], chosen)
}

const linkTo = (call: Call, token: string | undefined): string | undefined => token && nextTarget(call, token)

/** What a reader hears who has the page already. */
const unchanged = (call: Call, { etag, next }: PageFace): Reply =>
  new Reply(304, { ...linkOf(linkTo(call, next)), etag: `"${etag}"` })

/** A page of settings, to a reader who may have it already. */
export function pageOf(
  call: Call,
  { items, moment, open }: Page,
  placeIn: (setting: Page['items'][number]) => readonly string[],
  chosen: Chosen,
  remember: (face: PageFace) => void = () => {},
): Promise<Reply> {
  const token = nextAfter(items, moment, placeIn)
  const next = linkTo(call, token)
  const etag = pageEtag(items, placeIn)
  remember({ etag, next: token })
  return conditionally(call, etag, linkOf(next), async () => {
    const json: contract.KeyValueSet = {
      items: (await open()).map((setting) => keyValueOf(call, setting, chosen)),
      etag,
      ...nextLink(next),
    }
    return { type, json }
  })
}

const placeOfAddress = ({ key, label }: Address): string[] => [key, label ?? '']
const addressIn = (after: readonly string[] | undefined): Address | undefined => {
  const [key, label] = after ?? []
  return key === undefined || label === undefined ? undefined : { key, label: label === '' ? undefined : label }
}

export const listKeyValues = ({ pages }: StoreRoutes) => listing(contract.listSettings, pages)
export const headKeyValues = ({ pages }: StoreRoutes) => listing(contract.headSettings, pages)
