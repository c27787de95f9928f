import * as contract from '@cardea/contract/vault/secrets'
import { madeOf } from '#core/secrets/derivations.ts'
import { deleteSecret } from '#core/secrets/secrets.ts'
import { Headed } from '../headed.ts'
import { dialectIn } from '../objects.ts'
import { theSecret } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { deletedBundleOf } from './wire.ts'

export default ({ vaultUrl, delays }: VaultRoutes) =>
  vaultRoute(contract.deleteSecret, {
    resource: theSecret,
    async run(scope, { params: { name }, subject: vault, call }) {
      const deleted = await deleteSecret(scope, vault, name, delays.deleteMs)
      const bundle = deletedBundleOf(vaultUrl(vault.name), vault, dialectIn(call), deleted)
      const { length: count } = await madeOf(scope.sql, vault, name)
      if (count === 0) return bundle
      // Which they are isn't told: who may delete one secret need not be one who may list others (RFC 7234, 5.5).
      const many =
        count === 1
          ? 'A secret is made of this one and keeps its'
          : `${count} secrets are made of this one and keep their`
      return new Headed(bundle, { warning: `299 cardea "${many} last value."` })
    },
  })
