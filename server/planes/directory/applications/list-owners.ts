import * as contract from '@cardea/contract/directory/applications'
import { listOwners } from '#core/directory/applications.ts'
import type { Hosts } from '../../http/hosts.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'
import { pageOf, sourceOf } from '../listing.ts'
import { objectOf, objectProperties } from '../wire.ts'

export default ({ graphUrl }: Hosts) =>
  directoryRoute(contract.listOwners, async (sight, { params, query, call }) => {
    const source = sourceOf(await listOwners(sight, keyIn(params.id)), ({ objectId }) => objectId)
    return pageOf({ graphUrl, call, query, properties: objectProperties, source, objectOf })
  })
