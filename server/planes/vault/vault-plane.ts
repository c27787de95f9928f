import type { Vault } from '#core/vaults/vault.ts'
import type { Route } from '../plane.ts'
import backupKey from './keys/backup-key.ts'
import createKey from './keys/create-key.ts'
import decrypt from './keys/decrypt.ts'
import deleteKey from './keys/delete-key.ts'
import encrypt from './keys/encrypt.ts'
import getDeletedKey from './keys/get-deleted-key.ts'
import getKey from './keys/get-key.ts'
import getKeyRotationPolicy from './keys/get-key-rotation-policy.ts'
import importKey from './keys/import-key.ts'
import listDeletedKeys from './keys/list-deleted-keys.ts'
import listKeyVersions from './keys/list-key-versions.ts'
import listKeys from './keys/list-keys.ts'
import purgeDeletedKey from './keys/purge-deleted-key.ts'
import recoverDeletedKey from './keys/recover-deleted-key.ts'
import restoreKey from './keys/restore-key.ts'
import rotateKey from './keys/rotate-key.ts'
import setKeyRotationPolicy from './keys/set-key-rotation-policy.ts'
import sign from './keys/sign.ts'
import unwrapKey from './keys/unwrap-key.ts'
import updateKey from './keys/update-key.ts'
import verify from './keys/verify.ts'
import wrapKey from './keys/wrap-key.ts'
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
  createKey(around),
  importKey(around),
  getKey(around),
  updateKey(around),
  deleteKey(around),
  listKeys(around),
  listKeyVersions(around),
  listDeletedKeys(around),
  getDeletedKey(around),
  recoverDeletedKey(around),
  purgeDeletedKey(around),
  backupKey(),
  restoreKey(around),
  rotateKey(around),
  getKeyRotationPolicy(around),
  setKeyRotationPolicy(around),
  encrypt(around),
  decrypt(around),
  sign(around),
  verify(around),
  wrapKey(around),
  unwrapKey(around),
]
