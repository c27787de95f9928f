import type { Backup } from '@cardea/contract/vault/objects'
import * as contract from '@cardea/contract/vault/secrets'
import { backupSecret } from '#core/secrets/secrets.ts'
import { theSecret } from '../resource.ts'
import { vaultRoute } from '../vault-route.ts'

export default () =>
  vaultRoute(contract.backupSecret, {
    resource: theSecret,
    async run(scope, { params, subject: vault }): Promise<Backup> {
      return { value: await backupSecret(scope, vault, params.name) }
    },
  })
