import * as contract from '@cardea/contract/vault/keys'
import type { Backup } from '@cardea/contract/vault/objects'
import { backupKey } from '#core/keys/keys.ts'
import { theKey } from '../resource.ts'
import { vaultRoute } from '../vault-route.ts'

export default () =>
  vaultRoute(contract.backupKey, {
    resource: theKey,
    async run(scope, { params, subject: vault }): Promise<Backup> {
      return { value: await backupKey(scope, vault, params.name) }
    },
  })
