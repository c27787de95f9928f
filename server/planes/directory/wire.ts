import { createHash, X509Certificate } from 'node:crypto'
import type { KeyCredential, PasswordCredential } from '@cardea/contract/directory/credentials'
import { Fault } from '#base/fault.ts'
import type { HeldApplication } from '#core/directory/applications.ts'
import type { GivenCertificate, NewPassword, Term } from '#core/directory/credentials.ts'
import type { DirectoryObject } from '#core/directory/objects.ts'
import type { HeldServicePrincipal } from '#core/directory/service-principals.ts'
import type { Entry } from '#core/identity/entry.ts'
import type { FederatedCredential } from '#core/identity/federated-credential.ts'
import type { Credential } from '#core/identity/principal.ts'
import type { Properties } from './filter.ts'

/** Ours into Microsoft Graph's, and back. */
const date = (at: number): string => new Date(at).toISOString()

const termOf = ({ id, name, starts, ends }: Pick<Credential, 'id' | 'name' | 'starts' | 'ends'>) => ({
  keyId: id,
  displayName: name === '' ? null : name,
  startDateTime: date(starts),
  endDateTime: date(ends),
})
const passwordOf = (credential: Credential) => ({
  ...termOf(credential),
  customKeyIdentifier: null,
  hint: null,
  secretText: null,
})
const keyOf = (credential: Credential) => ({
  ...termOf(credential),
  customKeyIdentifier: createHash('sha1')
    .update(new X509Certificate(credential.certificate as string).raw)
    .digest('base64'),
  key: null,
  type: 'AsymmetricX509Cert',
  usage: 'Verify',
})
/** A key that was just added. */
export const shownKey = (credential: Credential) => ({
  '@odata.context': 'microsoft.graph.keyCredential',
  ...keyOf(credential),
})
const credentialsOf = (credentials: readonly Credential[]) => ({
  keyCredentials: credentials.filter(({ kind }) => kind === 'certificate').map(keyOf),
  passwordCredentials: credentials.filter(({ kind }) => kind === 'password').map(passwordOf),
})

/** A new password, with its value: this is the only answer that ever has it. */
export const shownPassword = (given: NewPassword) => ({
  '@odata.context': 'microsoft.graph.passwordCredential',
  ...termOf(given),
  customKeyIdentifier: null,
  hint: given.password.slice(0, 3),
  secretText: given.password,
})

/** The treaty's words for how long a credential lasts, in ours. */
export const termFrom = ({ displayName, startDateTime, endDateTime }: Partial<PasswordCredential> = {}): Term => ({
  name: displayName,
  starts: startDateTime,
  ends: endDateTime,
})

/** A certificate as clients send it: base64, mostly with line breaks, of DER or of the PEM text. */
export function certificateFrom({ keyId, key, ...term }: KeyCredential): GivenCertificate {
  const id = keyId?.toLowerCase()
  if (key === undefined || key === null) return { ...termFrom(term), id, key: undefined }
  return { ...termFrom(term), id, key: bytesFrom(key, 'keyCredentials') }
}

/** The same for a certificate that is added to others. */
export const newCertificateFrom = ({ key, ...term }: Partial<PasswordCredential> & { readonly key: string }) => ({
  ...termFrom(term),
  key: bytesFrom(key, 'keyCredential'),
})

function bytesFrom(key: string, where: string): Buffer {
  const bare = key.replace(/\s/g, '')
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(bare)) return Buffer.from(bare, 'base64')
  throw new Fault('invalid', 'key must be a certificate in base64.', { where })
}

/** What Graph says of an application that nothing was told of. */
const applicationDefaults = {
  description: null,
  notes: null,
  serviceManagementReference: null,
  groupMembershipClaims: null,
  isFallbackPublicClient: null,
  signInAudience: 'AzureADMyOrg',
  tags: [],
  appRoles: [],
  requiredResourceAccess: [],
  optionalClaims: null,
  api: {},
  info: {},
  publicClient: { redirectUris: [] },
  spa: { redirectUris: [] },
  web: { redirectUris: [] },
}

/** An application as Microsoft Graph shows it. */
export const applicationOf = ({
  objectId,
  appId,
  name,
  identifierUris,
  details,
  created,
  credentials,
}: HeldApplication) => ({
  ...applicationDefaults,
  ...details,
  id: objectId,
  appId,
  displayName: name,
  identifierUris,
  createdDateTime: date(created),
  deletedDateTime: null,
  ...credentialsOf(credentials),
})
export const applicationProperties: Properties = {
  id: 'text',
  appId: 'text',
  displayName: 'text',
  identifierUris: 'list',
  signInAudience: 'text',
  tags: 'list',
}

/** A service principal of this tenant as Microsoft Graph shows it. */
export const servicePrincipalOf =
  (tenant: string) =>
  ({
    objectId,
    appId,
    name,
    kind,
    enabled,
    details,
    created,
    credentials,
    application,
    resource,
  }: HeldServicePrincipal) => ({
    tags: [],
    ...details,
    id: objectId,
    appId,
    displayName: name,
    appDisplayName: application?.name ?? name,
    appOwnerOrganizationId: tenant,
    accountEnabled: enabled,
    servicePrincipalType: kind === 'managed-identity' ? 'ManagedIdentity' : 'Application',
    servicePrincipalNames: [appId, ...(application?.identifierUris ?? [])],
    alternativeNames: resource === undefined ? [] : [`isExplicit=${resource.explicit ? 'True' : 'False'}`, resource.id],
    createdDateTime: date(created),
    deletedDateTime: null,
    ...credentialsOf(credentials),
  })
export const servicePrincipalProperties: Properties = {
  id: 'text',
  appId: 'text',
  displayName: 'text',
  appDisplayName: 'text',
  appOwnerOrganizationId: 'text',
  accountEnabled: 'flag',
  servicePrincipalType: 'text',
  servicePrincipalNames: 'list',
  alternativeNames: 'list',
  tags: 'list',
}

const personalDefaults = {
  mail: null,
  mailNickname: null,
  givenName: null,
  surname: null,
  jobTitle: null,
  department: null,
  officeLocation: null,
  mobilePhone: null,
  preferredLanguage: null,
  usageLocation: null,
  businessPhones: [],
}
/** A person as Microsoft Graph shows them. */
export const userOf = ({ objectId, name, userPrincipalName, enabled, details, created }: Entry) => ({
  ...personalDefaults,
  ...details,
  id: objectId,
  userPrincipalName,
  displayName: name,
  accountEnabled: enabled,
  userType: 'Member',
  createdDateTime: date(created),
  deletedDateTime: null,
})
export const userProperties: Properties = {
  id: 'text',
  userPrincipalName: 'text',
  displayName: 'text',
  accountEnabled: 'flag',
  mail: 'text',
  mailNickname: 'text',
  givenName: 'text',
  surname: 'text',
  jobTitle: 'text',
  department: 'text',
  userType: 'text',
}

/** A group as Microsoft Graph shows it. */
export const groupOf = ({ objectId, name, details, created }: Entry) => ({
  description: null,
  mailNickname: null,
  ...details,
  id: objectId,
  displayName: name,
  mailEnabled: false,
  securityEnabled: true,
  groupTypes: [],
  createdDateTime: date(created),
  deletedDateTime: null,
})
export const groupProperties: Properties = {
  id: 'text',
  displayName: 'text',
  description: 'text',
  mailNickname: 'text',
  mailEnabled: 'flag',
  securityEnabled: 'flag',
  groupTypes: 'list',
}

/** What can be asked of objects of whatever kind. */
export const objectProperties: Properties = { id: 'text', displayName: 'text' }

type Typed = Readonly<Record<string, unknown>> & { readonly id: string; readonly '@odata.type': string }

/** A principal of whatever kind, short: lists of members and `getByIds` say what each is. */
export function objectOf(entry: Entry): Typed {
  if (entry.kind === 'user') return { '@odata.type': '#microsoft.graph.user', ...userOf(entry) }
  if (entry.kind === 'group') return { '@odata.type': '#microsoft.graph.group', ...groupOf(entry) }
  const { objectId, appId, name, enabled, kind } = entry
  return {
    '@odata.type': '#microsoft.graph.servicePrincipal',
    id: objectId,
    appId,
    displayName: name,
    accountEnabled: enabled,
    servicePrincipalNames: [appId],
    servicePrincipalType: kind === 'managed-identity' ? 'ManagedIdentity' : 'Application',
  }
}

/** An object of whatever kind, with what it is. */
export const directoryObjectOf = (found: DirectoryObject): Typed =>
  'entry' in found
    ? objectOf(found.entry)
    : { '@odata.type': '#microsoft.graph.application', ...applicationOf(found.application) }

export const federatedProperties: Properties = { id: 'text', name: 'text', issuer: 'text', subject: 'text' }
/** A foreign identity that an application signs in with. */
export const federatedOf = ({ id, name, issuer, subject, audiences, description }: FederatedCredential) => ({
  id,
  name,
  issuer,
  subject,
  audiences,
  description: description === '' ? null : description,
})
