import * as contract from '@cardea/contract/vault/keys'
import { verify } from '#core/keys/use.ts'
import { theKey } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'

export default ({ custodians, toll }: VaultRoutes) =>
  vaultRoute(contract.verify, {
    resource: theKey,
    async run(
      sight,
      { params, body: { alg: algorithm, digest, value: signature }, subject: vault },
    ): Promise<contract.KeyVerifyResult> {
      const { key, result } = await verify({ sight, custodians, vault, ...params, algorithm }, digest, signature)
      toll?.charge(vault, contract.verify, key)
      return { value: result }
    },
  })
