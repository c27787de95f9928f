import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, describe, it } from 'node:test'
import { foundAnother } from '@cardea/server/planes/vault/testing/vault'
import { openHouse } from '@cardea/server/testing/house'
import { needs } from '@cardea/tools/servers/require'
import { findSoftHsm, openSoftHsm } from '@cardea/tools/servers/softhsm'
import { findPythonSdk, runPrinted, seenBy } from './client.ts'

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())

const forRsa = ['encrypt', 'decrypt', 'sign', 'verify', 'wrapKey', 'unwrapKey']
const printed = async (language: 'js' | 'python') =>
  (await runPrinted('docs/guide/keys.md', language, house.env)).map(({ out, error }) => [out, error])
/** What a list of versions of equal standing shows. */
const all = (count: number, seen: unknown) => Array.from({ length: count }, () => seen)

describe('Azure’s own clients of keys, with the environment alone', () => {
  it('make, use, change, rotate, import, delete, recover, back up and restore keys from JavaScript', async () => {
    const { pages, ...seen } = await seenBy('keys.js', house.env)
    assert.deepEqual(pages, [5, 5, 2])
    const curve = (name: string, bytes: number) => ['EC', name, ['sign', 'verify'], bytes, true, true, true]
    const byAll = [true, true, false, true, true]
    // The client verifies no data with PSS by itself: it asks OpenSSL for the other padding.
    const byAllButOne = [true, true, false, false, true]
    assert.match(seen.notForThat as string, /decrypt is not supported on key/)
    assert.deepEqual(seen, {
      rsa: {
        type: 'RSA',
        operations: forRsa,
        bytes: 256,
        exponent: '010001',
        isPrivate: false,
        tags: { a: '1' },
        expires: '2037-01-01T00:00:00.000Z',
        recovery: ['Recoverable+Purgeable', 90],
        exportable: false,
        hsmPlatform: '0',
        ofVersion: true,
      },
      rsaSignatures: {
        ...{ RS256: byAll, RS384: byAll, RS512: byAll },
        ...{ PS256: byAllButOne, PS384: byAllButOne, PS512: byAllButOne },
      },
      secrecy: {
        RSA1_5: ['well kept', true],
        'RSA-OAEP': ['well kept', true],
        'RSA-OAEP-256': ['well kept', true],
      },
      byAnother: 'by another',
      curves: {
        'P-256': curve('P-256', 64),
        'P-256K': curve('P-256K', 64),
        'P-384': curve('P-384', 96),
        'P-521': curve('P-521', 132),
      },
      latest: true,
      byVersion: true,
      versions: all(2, ['rsa', true]),
      latestSigns: 'rsa',
      notForThat: seen.notForThat,
      changed: [false, { b: '2' }],
      disabled: '403 Forbidden KeyDisabled',
      again: [true, ['verify'], { b: '2' }],
      imported: ['RSA', ['sign', 'decrypt'], true, true],
      recoveryId: 'https://demo.vault.cardea.internal/deletedkeys/imported',
      gone: '404 KeyNotFound',
      taken: '409 Conflict ObjectIsDeletedButRecoverable',
      deleted: 'imported',
      listedDeleted: ['imported'],
      recovered: true,
      conflict: '409 Conflict',
      purged: '404 KeyNotFound',
      restored: [true, true],
      missing: '404 KeyNotFound',
      rotated: ['EC', 'P-384', true],
      policy: ['P120D', ['Rotate P90D', 'Notify P10D']],
      policyRead: 'P120D',
      notOffered: {
        release: '404 NotFound',
        attestation: '404 NotFound',
        random: '404 NotFound',
        exportable: '400 BadParameter',
      },
    })
  })

  const python = needs('Debian’s python3-azure', findPythonSdk)
  it('do so from Python, and agree by themselves with what the vault signs and decrypts', {
    skip: python.skip,
  }, async () => {
    assert.deepEqual(await seenBy('keys.py', house.env), {
      rsa: ['RSA', forRsa, 384, '010001', { a: '1' }],
      decrypted: all(3, 'well kept'),
      unwrapped: true,
      signed: Object.fromEntries(
        ['RS256', 'RS512', 'PS256', 'PS384', 'ES256', 'ES256K', 'ES384', 'ES512'].map((name) => [name, true]),
      ),
      latest: true,
      byVersion: true,
      versions: [true, true],
      listed: ['py-ec-P-256', 'py-ec-P-256K', 'py-ec-P-384', 'py-ec-P-521', 'py-rsa'],
      changed: [false, { b: '2' }],
      disabled: '403 Forbidden',
      gone: '404 KeyNotFound',
      deleted: ['py-rsa'],
      purged: '404 KeyNotFound',
      restored: 'before',
      rotated: ['P-384', true],
      policy: ['P120D', ['Rotate P90D', 'Notify P10D']],
    })
  })

  it('leave everything to the vault where a program may use a key and not read it', async () => {
    const { domain, subscription } = house.cardea.installation
    const management = `management.${domain}`
    const vault = `/subscriptions/${subscription}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/demo`
    const id = randomUUID()
    const uses = ['encrypt', 'decrypt', 'sign', 'verify', 'wrap', 'unwrap']
    const made = await house.ask(
      management,
      'PUT',
      `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleDefinitions/${id}?api-version=2022-04-01`,
      {
        token: await house.developerToken(`https://${management}`),
        body: {
          properties: {
            roleName: 'Uses keys unread',
            permissions: [{ dataActions: uses.map((use) => `Microsoft.KeyVault/vaults/keys/${use}/action`) }],
            assignableScopes: [vault],
          },
        },
      },
    )
    assert.equal(made.status, 201, made.text)
    const token = await house.developerToken()
    const created = await house.ask(house.vaultHost, 'POST', '/keys/unread/create?api-version=7.4', {
      token,
      body: { kty: 'RSA' },
    })
    assert.equal(created.status, 200, created.text)
    const { principal, password } = await house.newcomer('unread')
    await house.assign(principal, { id }, vault)
    const env = { ...house.env, AZURE_CLIENT_ID: principal.appId, AZURE_CLIENT_SECRET: password }
    const both = [true, true]
    assert.deepEqual(await seenBy('keys-unread.js', env), {
      read: 403,
      ...{ RSA1_5: both, 'RSA-OAEP': both, 'RSA-OAEP-256': both },
      ...{ RS256: both, PS512: both },
    })
    const used = (await house.deeds()).filter(({ caller }) => caller === principal.objectId)
    const counts = new Map<string, number>()
    for (const { operation, outcome } of used)
      if (outcome === 'done' && operation.startsWith('Key')) counts.set(operation, (counts.get(operation) ?? 0) + 1)
    assert.deepEqual(Object.fromEntries(counts), {
      ...{ KeyEncrypt: 3, KeyDecrypt: 3, KeyWrap: 3, KeyUnwrap: 3 },
      ...{ KeySign: 2, KeyVerify: 4 },
    })
  })

  it('run the JavaScript of the guide as it is printed there', async () => {
    assert.deepEqual(await printed('js'), [['signed: true\ndecrypted: one bicycle\n', '']])
  })

  it('run the Python of the guide as it is printed there', { skip: python.skip }, async () => {
    assert.deepEqual(await printed('python'), [['signed: True\n', '']])
  })

  const softHsm = needs('SoftHSM', findSoftHsm)
  it('make and use keys in a security module, symmetric ones too, from JavaScript', {
    skip: softHsm.skip,
  }, async () => {
    await using soft = await openSoftHsm()
    const { module, token, pinFile } = soft.newToken()
    await using premium = await openHouse({
      env: { CARDEA_HSM_MODULE: module, CARDEA_HSM_TOKEN: token, CARDEA_HSM_PIN_FILE: pinFile },
    })
    const host = await foundAnother(premium, 'premium', { sku: 'premium' })
    assert.deepEqual(await seenBy('keys-hsm.js', { ...premium.env, AZURE_KEYVAULT_URL: `https://${host}` }), {
      rsa: ['RSA-HSM', 'unsaid', true, true, true],
      ec: ['EC-HSM', 'P-384', true],
      oct: [
        'oct-HSM',
        ['wrapKey', 'unwrapKey', 'decrypt', 'encrypt'],
        true,
        'what is signed',
        12,
        16,
        'what is signed',
        true,
      ],
      imported: ['RSA-HSM', true],
      rotated: ['EC-HSM', 'P-384', true],
    })
  })
})
