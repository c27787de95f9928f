import * as contract from '@cardea/contract/vault/keys'
import { unwrap } from '#core/keys/use.ts'
import { theKey } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { resultOf } from './answer.ts'

export default ({ vaultUrl, custodians, toll }: VaultRoutes) =>
  vaultRoute(contract.unwrapKey, {
    resource: theKey,
    async run(sight, { params, body: { alg: algorithm, ...cipher }, subject: vault }) {
      const { key, result } = await unwrap({ sight, custodians, vault, ...params, algorithm }, cipher)
      toll?.charge(vault, contract.unwrapKey, key)
      return resultOf(vaultUrl(vault.name), key, { value: result })
    },
  })
