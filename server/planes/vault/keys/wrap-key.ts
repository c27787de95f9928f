import * as contract from '@cardea/contract/vault/keys'
import { wrap } from '#core/keys/use.ts'
import { theKey } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { resultOf } from './answer.ts'

export default ({ vaultUrl, custodians, toll }: VaultRoutes) =>
  vaultRoute(contract.wrapKey, {
    resource: theKey,
    async run(sight, { params, body: { alg: algorithm, ...plain }, subject: vault }) {
      const { key, result } = await wrap({ sight, custodians, vault, ...params, algorithm }, plain)
      toll?.charge(vault, contract.wrapKey, key)
      return resultOf(vaultUrl(vault.name), key, result)
    },
  })
