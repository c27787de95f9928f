import { pageSize } from '@cardea/contract/appconfig/key-values'
import * as contract from '@cardea/contract/cardea/references'
import { json } from '#base/media-types.ts'
import { listReferences } from '#core/configuration/configuration.ts'
import type { Store } from '#core/vaults/store.ts'
import { linkOf, nextAfter, nextLink, nextTarget, placeOf } from '../../appconfig/paging.ts'
import { seenBy, warnings } from '../../appconfig/references.ts'
import { Reply, type Route, route } from '../../plane.ts'
import type { Around } from '../around.ts'

export default (around: Around): Route<Store> =>
  route(contract.listReferences, {
    resource: (_, { resourceId }) => resourceId,
    async run(sight, { query, subject: store, caller, call }) {
      const [key, label] = placeOf(query.after, { kind: 'now' }).after ?? []
      const after = key === undefined ? undefined : { key, label: label || undefined }
      const found = await listReferences(sight, store, { after, limit: pageSize })
      const items = await Promise.all(
        found.map(async ({ vault, secret, version, ...address }): Promise<contract.ReferenceView> => {
          const target = await seenBy(around, sight.sql, caller, { vault, secret, version })
          return {
            key: address.key,
            label: address.label ?? null,
            ...{ vault, secret, version: version ?? null },
            target,
            warning: warnings[target] ?? null,
          }
        }),
      )
      const token = nextAfter(items, { kind: 'now' }, (item) => [item.key, item.label ?? ''])
      const next = token && nextTarget(call, token)
      const headers = { 'content-type': json, ...linkOf(next) }
      return new Reply(200, headers, JSON.stringify({ items, ...nextLink(next) } satisfies contract.ReferenceSet))
    },
  })
