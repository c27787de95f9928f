import { pageSize } from '@cardea/contract/appconfig/key-values'
import * as contract from '@cardea/contract/cardea/change-sets'
import { listChangeSets } from '#core/configuration/kept-change-sets.ts'
import { storeRoute } from '../../appconfig/appconfig-route.ts'
import { theStore } from '../../appconfig/key-values/resource.ts'
import { nextAfter, nextLink, nextTarget, placeOf } from '../../appconfig/paging.ts'
import { changeSetView, jsonReply } from './wire.ts'

const now = { kind: 'now' } as const

export default () =>
  storeRoute(contract.listChangeSets, {
    resource: theStore,
    async run(sight, { query, subject: store, call }) {
      const [created, id] = placeOf(query.after, now).after ?? []
      const after = id === undefined || !/^\d{1,15}$/.test(created ?? '') ? undefined : { created: Number(created), id }
      const sets = await listChangeSets(sight, store, after, pageSize)
      const token = nextAfter(sets, now, (set) => [String(set.created), set.id])
      const page = { items: sets.map(changeSetView), ...nextLink(token && nextTarget(call, token)) }
      return jsonReply(200, page satisfies contract.ChangeSetPage)
    },
  })
