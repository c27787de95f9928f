import * as contract from '@cardea/contract/directory/credentials'
import { listFederated } from '#core/directory/federated.ts'
import type { Hosts } from '../../http/hosts.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'
import { pageOf, sourceOf } from '../listing.ts'
import { federatedOf, federatedProperties } from '../wire.ts'

export default ({ graphUrl }: Hosts) =>
  directoryRoute(contract.listFederated, async (sight, { params, query, call }) => {
    const source = sourceOf(await listFederated(sight, keyIn(params.id)), ({ id }) => id)
    return pageOf({ graphUrl, call, query, properties: federatedProperties, source, objectOf: federatedOf })
  })
