import type { Vault } from '#core/vaults/vault.ts'
import type { Route } from '../plane.ts'
import backupSecret from './secrets/backup-secret.ts'
import deleteSecret from './secrets/delete-secret.ts'
import getDeletedSecret from './secrets/get-deleted-secret.ts'
import getSecret from './secrets/get-secret.ts'
import listDeletedSecrets from './secrets/list-deleted-secrets.ts'
import listSecretVersions from './secrets/list-secret-versions.ts'
import listSecrets from './secrets/list-secrets.ts'
import purgeDeletedSecret from './secrets/purge-deleted-secret.ts'
import recoverDeletedSecret from './secrets/recover-deleted-secret.ts'
import restoreSecret from './secrets/restore-secret.ts'
import setSecret from './secrets/set-secret.ts'
import updateSecret from './secrets/update-secret.ts'
import type { VaultRoutes } from './vault-route.ts'

/** Key Vault's data plane, as far as we answer it: reading this list is reading what we serve. */
export const vaultPlane = (around: VaultRoutes): readonly Route<Vault>[] => [
  setSecret(around),
  getSecret(around),
  updateSecret(around),
  deleteSecret(around),
  listSecrets(around),
  listSecretVersions(around),
  listDeletedSecrets(around),
  getDeletedSecret(around),
  recoverDeletedSecret(around),
  purgeDeletedSecret(around),
  backupSecret(),
  restoreSecret(around),
]
