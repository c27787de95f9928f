import * as contract from '@cardea/contract/vault/keys'
import { decrypt } from '#core/keys/use.ts'
import { theKey } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { resultOf } from './answer.ts'

export default ({ vaultUrl, custodians, toll }: VaultRoutes) =>
  vaultRoute(contract.decrypt, {
    resource: theKey,
    async run(sight, { params, body: { alg: algorithm, ...cipher }, subject: vault }) {
      const { key, result } = await decrypt({ sight, custodians, vault, ...params, algorithm }, cipher)
      toll?.charge(vault, contract.decrypt, key)
      return resultOf(vaultUrl(vault.name), key, { value: result })
    },
  })
