import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { type Operation, pathsOf } from '@cardea/contract/operation'
import { builtInRoles } from '@cardea/contract/roles'
import { findPostgres, startPostgres, type TestPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'
import { register } from '#core/identity/directory.ts'
import { graphOf, newUser } from './planes/directory/testing/graph.ts'
import { type House, openHouse } from './testing/house.ts'
import { audienceOf, everyOperation, hostOf, hosts, planeOf, versionOf } from './testing/treaty.ts'

/** Whatever a body holds, it is answered in the protocol's words: never with a failure of ours, never unrecorded. */
const postgres = needs('PostgreSQL', findPostgres)
const id = '00000000-0000-4000-8000-000000000000'
const rolledKey = { type: 'AsymmetricX509Cert', usage: 'Verify', displayName: 'k', key: 'AAAA' }
const pointer = { '@odata.id': `https://graph.cardea.internal/v1.0/directoryObjects/${id}` }
const federated = { name: 'sweep', issuer: 'https://a.example', subject: 's', audiences: ['a'], description: 'd' }
const members = { groupIds: [id] }
const memberGroups = { securityEnabledOnly: true }
const tags = { team: 'sweep' }
const person = { displayName: 'Sweep', mailNickname: 'sweep', givenName: 'S', jobTitle: 'j', usageLocation: 'DE' }
const vault = {
  location: 'local',
  tags,
  properties: {
    tenantId: id,
    sku: { family: 'A', name: 'standard' },
    accessPolicies: [{ tenantId: id, objectId: id, permissions: { secrets: ['get'] } }],
    softDeleteRetentionInDays: 7,
    networkAcls: { defaultAction: 'Allow', bypass: 'None', ipRules: [{ value: '10.0.0.0/8' }] },
  },
}
const store = {
  ...{ location: 'local', tags, sku: { name: 'Standard' } },
  properties: { disableLocalAuth: true, cardea: { settingBytesMax: 20_000, storageBytesMax: 1_000_000_000 } },
}

const attributes = { enabled: true, nbf: 1, exp: 4_000_000_000 }
/** A key whose parts don't belong together. */
const jwk = { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA', d: 'AAAA', key_ops: ['sign'] }
/** `AAAA` is base64url of three bytes. */
const sealedData = { alg: 'RSA-OAEP', value: 'AAAA', iv: 'AAAA', aad: 'AAAA', tag: 'AAAA' }

/** A policy that says everything that one can say. */
const policy = {
  key_props: { exportable: true, kty: 'EC', key_size: 256, reuse_key: false, crv: 'P-256' },
  secret_props: { contentType: 'application/x-pkcs12' },
  x509_props: {
    subject: 'CN=sweep',
    sans: { dns_names: ['a.example'], emails: ['a@example.org'], upns: ['u'], uris: ['urn:a'], ipAddresses: ['::1'] },
    ekus: ['1.3.6.1.5.5.7.3.1'],
    key_usage: ['digitalSignature'],
    validity_months: 12,
    basic_constraints: { ca: false },
  },
  lifetime_actions: [{ trigger: { lifetime_percentage: 80 }, action: { action_type: 'EmailContacts' } }],
  issuer: { name: 'Unknown', cty: 'OV-SSL', cert_transparency: false },
  attributes: { enabled: true },
}
const issuer = {
  provider: 'Test',
  credentials: { account_id: 'a', pwd: 'p' },
  org_details: {
    id: 'o',
    admin_details: [{ first_name: 'f', last_name: 'l', email: 'f@example.org', phone: '1' }],
  },
  attributes: { enabled: true },
}

const change = { do: 'set', key: 'k', label: 'l', value: 'v', content_type: 't', tags, description: 'd', locked: false }

/** What each operation that reads a body is sent when somebody means well. */
const samples: Readonly<Record<string, unknown>> = {
  AccessPoliciesPut: { properties: { accessPolicies: vault.properties.accessPolicies } },
  AlertPut: {
    watch: 'denied',
    threshold: 3,
    withinSeconds: 300,
    mail: ['a@example.org'],
    webhook: 'https://a.example/',
  },
  ApplicationAddPassword: { passwordCredential: { displayName: 'p', endDateTime: '2030-01-01T00:00:00Z' } },
  ApplicationCreate: {
    displayName: 'a',
    description: 'd',
    notes: 'n',
    identifierUris: ['api://sweep'],
    web: { redirectUris: ['https://a.example/'] },
    keyCredentials: [{ type: 'AsymmetricX509Cert', usage: 'Verify', key: 'AAAA', displayName: 'k' }],
  },
  ApplicationFederatedCreate: federated,
  ApplicationFederatedUpdate: { issuer: 'https://b.example', subject: 't', audiences: ['b'], description: 'e' },
  ApplicationOwnerAdd: pointer,
  ApplicationRemovePassword: { keyId: id },
  ApplicationAddKey: { keyCredential: rolledKey, proof: 'a.b.c' },
  ApplicationRemoveKey: { keyId: id, proof: 'a.b.c' },
  ApplicationUpdate: { displayName: 'b', tags: ['t'], web: { redirectUris: ['https://a.example/'] } },
  CertificateContactsSet: { contacts: [{ email: 'a@example.org', name: 'A', phone: '1' }] },
  CertificateCreate: { policy, attributes, tags, preserveCertOrder: true },
  CertificateImport: {
    value: 'AAAA',
    pwd: 'p',
    policy: { secret_props: {} },
    attributes,
    tags,
    preserveCertOrder: true,
  },
  CertificateIssuerSet: issuer,
  CertificateIssuerUpdate: issuer,
  CertificatePendingMerge: { x5c: ['AAAA'], attributes, tags },
  CertificatePendingUpdate: { cancellation_requested: true },
  CertificatePolicyUpdate: policy,
  CertificateRestore: { value: 'AAAA' },
  CertificateUpdate: { policy: { issuer: { name: 'Self' } }, attributes, tags },
  ChangeSetApply: { changes: [change], description: 'd', activates: '2029-01-01T00:00:00Z' },
  ChangeSetPlan: { changes: [change] },
  ConsumerReport: { application: 'shop', uses: [{ secret: 'sweep', version: '0'.repeat(32) }] },
  DirectoryObjectCheckMemberGroups: members,
  DirectoryObjectGetMemberGroups: memberGroups,
  DirectoryObjectGetByIds: { ids: [id], types: ['user'] },
  EventSubscriptionPatch: { labels: ['l'], filter: { subjectBeginsWith: 'a' } },
  EventSubscriptionPut: {
    properties: {
      destination: { endpointType: 'WebHook', properties: { endpointUrl: 'https://hooks.example/' } },
      filter: { subjectBeginsWith: 'a', subjectEndsWith: 'b', isSubjectCaseSensitive: false },
      labels: ['l'],
      retryPolicy: { maxDeliveryAttempts: 3, eventTimeToLiveInMinutes: 60 },
      expirationTimeUtc: '2029-01-01T00:00:00Z',
    },
  },
  GroupCheckMemberGroups: members,
  GroupCreate: { displayName: 'g', description: 'd', mailEnabled: false, mailNickname: 'g', securityEnabled: true },
  GroupGetMemberGroups: memberGroups,
  GroupMemberAdd: pointer,
  GroupUpdate: { displayName: 'h', description: 'e' },
  IdentityFederatedPut: { properties: { issuer: 'https://a.example', subject: 's', audiences: ['a'] } },
  IncidentPlan: { identity: id, since: 1, couldRead: true },
  IncidentRun: { secret: { vault: 'demo', name: 'sweep' }, disable: true },
  KeyCreate: { kty: 'EC', crv: 'P-256', key_ops: ['sign'], attributes, tags, public_exponent: 3 },
  KeyDecrypt: sealedData,
  KeyEncrypt: { alg: 'RSA-OAEP', value: 'AAAA' },
  KeyImport: { key: jwk, Hsm: false, attributes, tags },
  KeyRestore: { value: 'AAAA' },
  KeyRotationPolicySet: {
    lifetimeActions: [
      { trigger: { timeAfterCreate: 'P18M', timeBeforeExpiry: null }, action: { type: 'Rotate' } },
      { trigger: { timeBeforeExpiry: 'P30D' }, action: { type: 'Notify' } },
    ],
    attributes: { expiryTime: 'P2Y' },
  },
  KeySign: { alg: 'ES256', value: 'AAAA' },
  KeyUnwrap: sealedData,
  KeyUpdate: { key_ops: ['sign'], attributes, tags },
  KeyVerify: { alg: 'ES256', digest: 'AAAA', value: 'AAAA' },
  KeyWrap: { alg: 'RSA-OAEP', value: 'AAAA' },
  KeyValuePut: { value: 'v', content_type: 'text/plain', tags },
  ResourceGroupPatch: { tags },
  ResourceGroupPut: { location: 'local', tags },
  ResourceLockPut: { properties: { level: 'CanNotDelete', notes: 'n' } },
  RestoreApply: { at: '2026-01-01T00:00:00Z', key: 'a*', label: 'l', tags: ['t=1'], description: 'd' },
  RestorePlan: { at: '2026-01-01T00:00:00Z', key: 'a*', label: 'l', tags: ['t=1'] },
  RoleAssignmentPut: {
    properties: {
      roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${builtInRoles.keyVaultReader.id}`,
      principalId: id,
      principalType: 'User',
      description: 'd',
      condition: `@Resource[Microsoft.KeyVault/vaults/secrets:name] StringEquals 'a'`,
      conditionVersion: '2.0',
    },
  },
  RoleDefinitionPut: {
    properties: {
      roleName: 'sweep',
      description: 'd',
      type: 'CustomRole',
      permissions: [{ actions: ['*/read'], notActions: [], dataActions: [], notDataActions: [] }],
      assignableScopes: ['/'],
    },
  },
  RotationBind: { provider: 'generated', binding: { length: 20 }, intervalSeconds: 86_400, graceSeconds: 60 },
  RotationSettle: { way: 'retry' },
  SecretDerive: { template: 'a{{user}}:{{secret:sweep-part}}', escaping: 'url', values: { user: 'u' } },
  SecretRestore: { value: 'AAAA' },
  SecretSet: { value: 'v', contentType: 'text/plain', tags, attributes },
  SecretUpdate: { contentType: 'text/plain', tags, attributes: { enabled: true } },
  ServicePrincipalAddKey: { keyCredential: rolledKey, proof: 'a.b.c' },
  ServicePrincipalRemoveKey: { keyId: id, proof: 'a.b.c' },
  ServicePrincipalAddPassword: { passwordCredential: { displayName: 'p' } },
  ServicePrincipalCheckMemberGroups: members,
  ServicePrincipalCreate: { appId: id, accountEnabled: true, displayName: 's', tags: ['t'] },
  ServicePrincipalGetMemberGroups: memberGroups,
  ServicePrincipalRemovePassword: { keyId: id },
  ServicePrincipalUpdate: { displayName: 's', accountEnabled: true, notes: 'n' },
  SnapshotPatch: { status: 'archived' },
  SnapshotPut: { filters: [{ key: 'a*', label: 'l' }], composition_type: 'key', retention_period: 3600, tags },
  StoreKeyRegenerate: { id: 'sweep' },
  StoreNameCheck: { name: 'sweep-store', type: 'Microsoft.AppConfiguration/configurationStores' },
  StoreNameCheckInRegion: { name: 'sweep-store', type: 'Microsoft.AppConfiguration/configurationStores' },
  StorePatch: store,
  StorePut: store,
  UserAssignedIdentityPut: { location: 'local', tags },
  UserAssignedIdentityUpdate: { tags },
  UserCheckMemberGroups: members,
  UserCreate: {
    ...person,
    userPrincipalName: 'sweep@cardea.internal',
    accountEnabled: true,
    passwordProfile: { password: 'correct horse battery' },
  },
  UserGetMemberGroups: memberGroups,
  UserUpdate: person,
  VaultNameCheck: { name: 'sweep-vault', type: 'Microsoft.KeyVault/vaults' },
  VaultPatch: vault,
  VaultPut: vault,
  WorkloadPut: { location: 'local', tags, identity: { type: 'SystemAssigned' } },
  WorkloadUpdate: { tags, identity: { type: 'None' } },
}

/** Bodies that are no operation's. */
const strange: Readonly<Record<string, string | Buffer>> = {
  'a list': '[]',
  'a text': '"text"',
  'a number': '1e400',
  null: 'null',
  'half of one': '{"value":',
  'two of them': '{}{}',
  'a bare word': 'undefined',
  'bytes that are no text': Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
  'a byte order mark': '\ufeff{}',
  'deep lists': '['.repeat(60_000),
  'deep objects': '{"a":'.repeat(10_000),
  'thousands of members': `{${Array.from({ length: 4000 }, (_, index) => `"m${index}":1`).join()}}`,
  'a prototype': '{"__proto__":{"value":"v","admin":true},"constructor":{"prototype":{"admin":true}}}',
}

/** What may stand where something else is meant. */
const odd: readonly unknown[] = [
  null,
  true,
  -0,
  1e308,
  -1,
  2 ** 53,
  [],
  {},
  [[[]]],
  '',
  'a\u0000b',
  '\ud800',
  'x'.repeat(30_000),
  '../..%2f',
  "'; drop table secret; --",
  'İſK\u202e',
  '{{7*7}}',
  { toString: 1, valueOf: null, length: -1 },
]

/** Every way to put one of these things in the place of one part of a body. */
function* spoiled(whole: unknown, things: readonly unknown[]): Generator<unknown> {
  for (const thing of things) yield thing
  if (typeof whole !== 'object' || whole === null) return
  for (const [key, part] of Object.entries(whole)) {
    for (const other of spoiled(part, things)) {
      const copy = structuredClone(whole) as Record<string, unknown>
      copy[key] = other
      yield copy
    }
  }
}

/** What may stand in a path or a query where a name is meant. */
const oddNames = [
  '%00',
  'a%00b@c.d',
  '%2f',
  '..',
  '..%2f..',
  '%252e',
  '%ff',
  'a;b',
  'x'.repeat(3000),
  '%C4%B0',
  'a.',
  '%E2%84%AA',
  '*',
]

/** What some operations are asked by. */
const oddQueries = [
  '$filter',
  '$skiptoken',
  '$search',
  'resource',
  'principal',
  'action',
  'after',
  'key',
  'label',
  'name',
  'includePending',
  'request_id',
]

/** What is asked at the same moment shares its commits. */
const atOnce = 24

const kinds = { 'an embedded database': undefined, PostgreSQL: postgres } as const
for (const [kind, server] of Object.entries(kinds)) {
  describe(`what nobody means, with ${kind}`, { skip: server?.skip }, () => {
    let database: TestPostgres | undefined
    let house: House
    const tokens = new Map<string, Promise<string>>()
    const tokenOf = (audience: string): Promise<string> =>
      tokens.getOrInsertComputed(audience, () => house.developerToken(audience))
    /** Something that is there, in each collection that has ids. */
    const there: Record<string, string> = {}
    before(async () => {
      database = server === undefined ? undefined : await startPostgres()
      house = await openHouse({ env: database === undefined ? {} : { CARDEA_DATABASE: database.url() } })
      await house.cardea.base.database.write((turn) =>
        register(turn, house.cardea.base.keyring, { name: 'Sweep', kind: 'application', objectId: id }),
      )
      const graph = graphOf(house, () => house.developerToken(`https://${hosts.directory}`))
      there.servicePrincipals = id
      there.users = (await graph.done('POST', '/users', newUser('Sweep'))).id
      const group = { displayName: 'Sweep', mailEnabled: false, mailNickname: 'g', securityEnabled: true }
      there.groups = (await graph.done('POST', '/groups', group)).id
      there.applications = (await graph.done('POST', '/applications', { displayName: 'Sweep' })).id
    })

    /** Every path of the operation with an odd name in the place of each of its parameters, and odd things asked of it. */
    function* oddTargets(operation: Operation): Generator<string> {
      const [bare = ''] = pathsOf(operation)
      const whole = pathOf(operation)
      const version = versionOf(operation)
      const [parts, filled] = [bare.split('/'), whole.split('/').slice(-bare.split('/').length)]
      for (const [index, part] of parts.entries()) {
        if (!/^[:*]/.test(part) || part === ':subscription') continue
        for (const name of oddNames) {
          const path = filled.map((one, at) => (at === index ? name : one)).join('/')
          yield `${operation.scoped === undefined ? '' : whole.slice(0, -filled.join('/').length)}${path}${version}`
        }
      }
      const asking = `${whole}${version === '' ? '?' : `${version}&`}`
      for (const name of oddQueries) yield `${asking}${name}=%00`
      for (const value of ['%ff', 'x'.repeat(2500), '%C4%B0', "'"])
        yield `${asking}${oddQueries.map((name) => `${name}=${value}`).join('&')}`
    }

    /** A path of the operation, as far down as its body is kept: at the subscription, about things that are there. */
    const pathOf = (operation: Operation): string => {
      const [bare = '', atSubscription = bare] = pathsOf(operation)
      const path = operation.scoped === undefined ? bare : atSubscription
      return path
        .replace(':subscription', house.cardea.installation.subscription)
        .replace('/:version?', '')
        .replace(/(?<=\/(\w+)\/):id/, (_, collection: string) => there[collection] ?? id)
        .replace(/(?<=\/role\w+\/):name/, id)
        .replace(/:\w+|\*\w+/g, 'sweep')
    }
    after(async () => {
      await house?.[Symbol.asyncDispose]()
      await database?.[Symbol.asyncDispose]()
    })

    type Try = { readonly target: string; readonly body?: string | Buffer | undefined }
    type Tried = readonly [operation: Operation, tries: Iterable<Try>]

    /**
     * Sends what nobody means, several at a time, and answers with what should not have happened. If one is never answered, the
     * runner ends the wait.
     */
    async function wrongs(all: Iterable<Tried>): Promise<string[]> {
      const sent = new Map<string, string>()
      const found: string[] = []
      const send = async (operation: Operation, { target, body }: Try): Promise<void> => {
        const number = randomUUID()
        const token = await tokenOf(audienceOf(operation))
        const { status, text } = await house.ask(hostOf(operation), operation.method, target, {
          token,
          body,
          headers: { 'x-ms-client-request-id': number, 'content-type': 'application/json' },
        })
        const asked = `${operation.id} ${target.slice(0, 200)} ${body?.toString('utf8').slice(0, 200) ?? ''}`
        const shown = `${asked}: ${status} ${text.slice(0, 200)}`
        if (status >= 500) found.push(shown)
        sent.set(number, shown)
      }
      const waiting = (function* () {
        for (const [operation, tries] of all) for (const one of tries) yield [operation, one] as const
      })()
      const sendNext = async () => {
        for (const [operation, one] of waiting) await send(operation, one)
      }
      await Promise.all(Array.from({ length: atOnce }, sendNext))
      const entries = new Map<string, number>()
      for (const { correlation } of await house.deeds()) entries.set(correlation, (entries.get(correlation) ?? 0) + 1)
      for (const [number, shown] of sent) {
        const times = entries.get(number) ?? 0
        // What changes several settings has an entry for each, beside its own.
        if (times < 1 || (times > 1 && !/^(ChangeSet|Restore)/.test(shown))) found.push(`${times} entries: ${shown}`)
      }
      return found
    }

    const reading = everyOperation.filter(({ method }) => ['PUT', 'PATCH', 'POST'].includes(method))
    for (const plane of ['vault', 'appconfig', 'management', 'directory'] as const) {
      it(`as a body is refused on the plane ${plane} in its words, and stands in the journal once`, async () => {
        const tried = reading
          .filter((one) => planeOf(one) === plane)
          .map((operation): Tried => {
            const target = `${pathOf(operation)}${versionOf(operation)}`
            const bodies: (string | Buffer)[] = Object.values(strange)
            const sample = samples[operation.id]
            if (sample !== undefined) for (const body of spoiled(sample, odd)) bodies.push(JSON.stringify(body))
            return [operation, bodies.map((body) => ({ target, body }))]
          })
        assert.deepEqual(await wrongs(tried), [])
      })

      it(`as a name is refused on the plane ${plane} in its words, and stands in the journal once`, async () => {
        const tried = everyOperation
          .filter((one) => planeOf(one) === plane)
          // A stream of changes has no end of its own.
          .filter(({ id }) => !id.endsWith('ChangesFollow'))
          .map((operation): Tried => {
            const body = reading.includes(operation) ? JSON.stringify(samples[operation.id] ?? {}) : undefined
            return [operation, [...oddTargets(operation)].map((target) => ({ target, body }))]
          })
        assert.deepEqual(await wrongs(tried), [])
      })
    }

    it('is tried as a body of every operation that reads one', () => {
      const silent = reading.filter((operation) => {
        try {
          operation.body.read(undefined, '')
          return false
        } catch {
          return true
        }
      })
      assert.deepEqual(
        silent.map((operation) => operation.id).filter((one) => !(one in samples)),
        [],
      )
    })
  })
}
