import * as contract from '@cardea/contract/vault/certificates'
import type { Backup } from '@cardea/contract/vault/objects'
import { backupCertificate } from '#core/certificates/backup.ts'
import { theCertificate } from '../resource.ts'
import { vaultRoute } from '../vault-route.ts'

export default () =>
  vaultRoute(contract.backupCertificate, {
    resource: theCertificate,
    async run(scope, { params, subject: vault }): Promise<Backup> {
      return { value: await backupCertificate(scope, vault, params.name) }
    },
  })
