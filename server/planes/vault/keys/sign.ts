import * as contract from '@cardea/contract/vault/keys'
import { sign } from '#core/keys/use.ts'
import { theKey } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { resultOf } from './answer.ts'

export default ({ vaultUrl, custodians, toll }: VaultRoutes) =>
  vaultRoute(contract.sign, {
    resource: theKey,
    async run(sight, { params, body: { alg: algorithm, value: digest }, subject: vault }) {
      const { key, result } = await sign({ sight, custodians, vault, ...params, algorithm }, digest)
      toll?.charge(vault, contract.sign, key)
      return resultOf(vaultUrl(vault.name), key, { value: result })
    },
  })
