import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { openHouse } from '@cardea/server/testing/house'
import { needs } from '@cardea/tools/servers/require'
import { findPythonSdk, runPrinted, seenBy } from './client.ts'

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())

const tlsUsages = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']
const managedSecret = '403 Forbidden SecretManagedByKeyVault'
const managedKey = '403 Forbidden KeyManagedByKeyVault'
const contact = { email: 'a@example.org', name: 'A', phone: '1' }
const printed = async (language: 'js' | 'python') =>
  (await runPrinted('docs/guide/certificates.md', language, house.env)).map(({ out, error }) => [out, error])
/** What a list of versions of equal standing shows. */
const all = (count: number, seen: unknown) => Array.from({ length: count }, () => seen)

describe('Azure’s own clients of certificates, with the environment alone', () => {
  it('make, merge, import, change, delete, recover, back up and restore certificates from JavaScript, and serve TLS with them', async () => {
    assert.deepEqual(await seenBy('certificates.js', house.env), {
      web: {
        name: 'web',
        ids: ['certificates/web/v', 'keys/web/v', 'secrets/web/v'],
        ofVersion: true,
        subject: 'CN=localhost',
        names: 'DNS:localhost, DNS:web.example, email:web@example.org',
        usages: tlsUsages,
        ca: false,
        vouches: true,
        thumbprint: true,
        dates: [true, true],
        enabled: true,
        tags: { a: '1' },
        recovery: ['Recoverable+Purgeable', 90],
      },
      policy: {
        lifetimeActions: [{ action: 'AutoRenew', lifetimePercentage: 75 }],
        contentType: 'application/x-pkcs12',
        enhancedKeyUsage: tlsUsages,
        keyUsage: ['digitalSignature', 'keyEncipherment'],
        validityInMonths: 12,
        subject: 'CN=localhost',
        subjectAlternativeNames: { emails: ['web@example.org'], dnsNames: ['localhost', 'web.example'] },
        enabled: true,
        keyType: 'RSA',
        keySize: 2048,
        reuseKey: false,
        exportable: true,
        issuerName: 'Self',
      },
      operation: 'web',
      tls: ['hello', true, true],
      secret: ['application/x-pkcs12', true, true],
      key: ['RSA', ['sign', 'verify', 'wrapKey', 'unwrapKey'], true, true],
      signs: true,
      managed: [...all(3, managedSecret), ...all(3, managedKey)],
      listedManaged: all(2, ['web', true]),
      curved: [true, true, 'secp384r1', ['sign', 'verify']],
      closed: ['-----BEGIN CERTIFICATE-----'],
      underway: ['inProgress', 'Pending certificate created. Please Perform Merge to complete the request.'],
      placeholder: ['none', false],
      hidden: ['closed', 'curved', 'web'],
      pending: ['closed', 'curved', 'signed', 'web'],
      again: '409 Forbidden',
      foreign: '400 BadParameter',
      merged: ['signed', true, true, 'Unknown', [{ action: 'AutoRenew', lifetimePercentage: 75 }]],
      cancelled: 'cancelled',
      noOperation: '404 PendingCertificateNotFound',
      imported: [
        true,
        'O=Example, CN=own.example',
        { dnsNames: ['own.example'] },
        'Unknown',
        'EC',
        'P-256',
        3,
        'application/x-pkcs12',
      ],
      wrongPassword: '400 BadParameter',
      importedPem: [true, 'application/x-pem-file', 'prime256v1'],
      roundTrip: true,
      versions: all(2, ['web', true]),
      byVersion: true,
      changed: [false, { b: '2' }, '403 Forbidden SecretDisabled'],
      updated: 24,
      recoveryId: 'https://demo.vault.cardea.internal/deletedcertificates/web',
      gone: ['404 CertificateNotFound', '404 SecretNotFound', '404 KeyNotFound'],
      taken: '409 Conflict ObjectIsDeletedButRecoverable',
      deleted: 'web',
      listedDeleted: ['web'],
      recovered: [true, 'web'],
      conflict: '409 Conflict',
      purged: '404 CertificateNotFound',
      restored: [true, 24, true],
      noContacts: '404 ContactsNotFound',
      contacts: [contact],
      contactsRead: [contact],
      contactsGone: '404 ContactsNotFound',
      issuer: [
        'digi',
        'DigiCert',
        'account',
        'org',
        [{ email: 'f@example.org', phone: '2', firstName: 'F', lastName: 'L' }],
      ],
      issuerSecret: false,
      issuerUpdated: 'Test',
      issuers: [['digi', 'Test']],
      notOffered: '400 BadParameter',
      issuerGone: '404 CertificateIssuerNotFound',
      missing: '404 CertificateNotFound',
    })
  })

  const python = needs('Debian’s python3-azure', findPythonSdk)
  it('do so from Python, whose own library reads what the vault issues', { skip: python.skip }, async () => {
    assert.deepEqual(await seenBy('certificates.py', house.env), {
      web: [
        'py-web',
        'CN=localhost',
        true,
        ['localhost'],
        [
          ...['keyUsage', 'basicConstraints', 'extendedKeyUsage', 'subjectAltName'],
          ...['authorityKeyIdentifier', 'subjectKeyIdentifier'],
        ],
        true,
        6,
        30,
        { a: '1' },
      ],
      operation: ['completed', 'Self', 'py-web'],
      pfx: [true, true, 'application/x-pkcs12', true],
      tls: 'hello',
      merged: all(2, ['inProgress', true, true, 1, true]),
      cancelled: ['inProgress', true],
      noOperation: '404 PendingCertificateNotFound',
      imported: [true, 'EC', 'P-384', 'CN=own'],
      wrongPassword: '400 BadParameter',
      importedPem: 2,
      versions: [true, true],
      byVersion: true,
      listed: ['py-merged', 'py-merged-twice', 'py-own', 'py-pem', 'py-web'],
      changed: [false, { b: '2' }, '403 Forbidden'],
      policy: 24,
      gone: ['404 CertificateNotFound', '404 SecretNotFound'],
      deleted: ['py-web'],
      purged: '404 CertificateNotFound',
      restored: true,
      issuer: ['Test', 'account', 'f@example.org', null],
      issuers: ['py-issuer'],
      noIssuer: '404 CertificateIssuerNotFound',
      contacts: ['a@example.org'],
      noContacts: '404 ContactsNotFound',
    })
  })

  it('run the JavaScript of the guide as it is printed there', async () => {
    // Twelve months by the calendar, which are 366 days where a leap day lies in them.
    const today = Temporal.Now.plainDateISO('UTC')
    const { days } = today.until(today.add({ months: 12 }), { largestUnit: 'days' })
    assert.deepEqual(await printed('js'), [[`good for ${days} days\nserved\n`, '']])
  })

  it('run the Python of the guide as it is printed there', { skip: python.skip }, async () => {
    assert.deepEqual(await printed('python'), [['till 2048\n', '']])
  })
})
