import type { Vault } from '#core/vaults/vault.ts'
import type { Route } from '../plane.ts'
import backupCertificate from './certificates/backup-certificate.ts'
import createCertificate from './certificates/create-certificate.ts'
import deleteCertificate from './certificates/delete-certificate.ts'
import deleteCertificateContacts from './certificates/delete-certificate-contacts.ts'
import deleteCertificateIssuer from './certificates/delete-certificate-issuer.ts'
import deleteCertificateOperation from './certificates/delete-certificate-operation.ts'
import getCertificate from './certificates/get-certificate.ts'
import getCertificateContacts from './certificates/get-certificate-contacts.ts'
import getCertificateIssuer from './certificates/get-certificate-issuer.ts'
import getCertificateOperation from './certificates/get-certificate-operation.ts'
import getCertificatePolicy from './certificates/get-certificate-policy.ts'
import getDeletedCertificate from './certificates/get-deleted-certificate.ts'
import importCertificate from './certificates/import-certificate.ts'
import listCertificateIssuers from './certificates/list-certificate-issuers.ts'
import listCertificateVersions from './certificates/list-certificate-versions.ts'
import listCertificates from './certificates/list-certificates.ts'
import listDeletedCertificates from './certificates/list-deleted-certificates.ts'
import mergeCertificate from './certificates/merge-certificate.ts'
import purgeDeletedCertificate from './certificates/purge-deleted-certificate.ts'
import recoverDeletedCertificate from './certificates/recover-deleted-certificate.ts'
import restoreCertificate from './certificates/restore-certificate.ts'
import setCertificateContacts from './certificates/set-certificate-contacts.ts'
import setCertificateIssuer from './certificates/set-certificate-issuer.ts'
import updateCertificate from './certificates/update-certificate.ts'
import updateCertificateIssuer from './certificates/update-certificate-issuer.ts'
import updateCertificateOperation from './certificates/update-certificate-operation.ts'
import updateCertificatePolicy from './certificates/update-certificate-policy.ts'
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
  createCertificate(around),
  importCertificate(around),
  getCertificate(around),
  updateCertificate(around),
  deleteCertificate(around),
  listCertificates(around),
  listCertificateVersions(around),
  listDeletedCertificates(around),
  getDeletedCertificate(around),
  recoverDeletedCertificate(around),
  purgeDeletedCertificate(around),
  backupCertificate(),
  restoreCertificate(around),
  getCertificatePolicy(around),
  updateCertificatePolicy(around),
  getCertificateOperation(around),
  updateCertificateOperation(around),
  deleteCertificateOperation(around),
  mergeCertificate(around),
  getCertificateContacts(around),
  setCertificateContacts(around),
  deleteCertificateContacts(around),
  listCertificateIssuers(around),
  getCertificateIssuer(around),
  setCertificateIssuer(around),
  updateCertificateIssuer(around),
  deleteCertificateIssuer(around),
]
