import * as contract from '@cardea/contract/cardea/rotation-plan'
import { listRotations } from '#core/rotation/bindings.ts'
import type { Hosts } from '../../http/hosts.ts'
import { pageOf, sliceOf } from '../../vault/paging.ts'
import { theVault } from '../../vault/resource.ts'
import { vaultRoute } from '../../vault/vault-route.ts'
import { itemOf } from './wire.ts'

export default ({ hosts }: { readonly hosts: Pick<Hosts, 'vaultUrl'> }) =>
  vaultRoute(contract.listRotations, {
    resource: theVault,
    async run(sight, { query, subject: vault, call }) {
      const found = await listRotations(sight, vault, sliceOf(query))
      return pageOf(call, hosts.vaultUrl(vault.name), query, found, ({ nameKey }) => nameKey, itemOf)
    },
  })
