import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { type Heard, openHouse } from '../../../testing/house.ts'
import { certificatesIn, selfPolicy, versionIn } from '../testing/certificates.ts'

const origin = 'https://demo.vault.cardea.internal'
const unknownPolicy = { ...selfPolicy, issuer: { name: 'Unknown' } }
const folder = mkdtempSync(join(tmpdir(), 'cardea-own-authority-'))
const house = await openHouse()
after(async () => {
  rmSync(folder, { recursive: true, force: true })
  await house[Symbol.asyncDispose]()
})
const vault = certificatesIn(house)

const openssl = (line: string) => execFileSync('openssl', line.split(' '), { cwd: folder, stdio: 'ignore' })
openssl('req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=Authority -days 30')
const file = (name: string): string => join(folder, name)
const derOf = (name: string): Buffer => new X509Certificate(readFileSync(file(name))).raw
/** Has an authority of one's own sign a request. */
function signed(csr: string): Buffer {
  writeFileSync(file('request.der'), Buffer.from(csr, 'base64'))
  openssl('x509 -req -inform der -in request.der -CA ca.pem -CAkey ca.key -CAcreateserial -days 9 -out leaf.pem')
  return derOf('leaf.pem')
}
const errorOf = ({ status, json }: Heard) => [status, json.error.code, json.error.innererror?.code, json.error.message]

describe('a certificate on the wire', () => {
  it('is under way when it was asked for, and tells where to look for it', async () => {
    const heard = await vault.ask('POST', '/certificates/Web/create', { policy: selfPolicy, tags: { a: '1' } })
    assert.equal(heard.status, 202, heard.text)
    const { csr, request_id, ...operation } = heard.json
    assert.deepEqual(operation, {
      id: `${origin}/certificates/Web/pending`,
      issuer: { name: 'Self' },
      cancellation_requested: false,
      status: 'inProgress',
      status_details:
        'Pending certificate created. Certificate request is in progress. This may take some time based on the issuer provider. Please check again later.',
    })
    assert.match(request_id, /^[0-9a-f]{32}$/)
    assert.equal(
      heard.headers.location,
      `${origin}/certificates/Web/pending?api-version=2026-04-01&request_id=${request_id}`,
    )
    assert.equal(heard.headers['retry-after'], '10')
    assert.equal(heard.headers['cache-control'], 'no-cache')
    writeFileSync(file('web.csr'), Buffer.from(csr, 'base64'))
    openssl('req -inform der -in web.csr -verify -noout')

    const bundle = await vault.made('Web')
    const done = await vault.ask('GET', '/certificates/web/pending')
    assert.deepEqual(
      [done.status, done.json.status, done.json.target],
      [200, 'completed', `${origin}/certificates/Web`],
    )
    assert.deepEqual(['status_details' in done.json, done.headers['retry-after']], [false, undefined])
    const version = versionIn(bundle)
    const leaf = new X509Certificate(Buffer.from(bundle.cer as string, 'base64'))
    const { attributes, policy, ...others } = bundle
    assert.deepEqual(others, {
      id: `${origin}/certificates/Web/${version}`,
      kid: `${origin}/keys/Web/${version}`,
      sid: `${origin}/secrets/Web/${version}`,
      x5t: createHash('sha1').update(leaf.raw).digest('base64url'),
      cer: leaf.raw.toString('base64'),
      tags: { a: '1' },
      pending: { id: `${origin}/certificates/Web/pending` },
    })
    const { created, updated, ...standing } = attributes
    assert.ok(updated >= created)
    assert.deepEqual(standing, {
      enabled: true,
      nbf: +leaf.validFromDate / 1000,
      exp: +leaf.validToDate / 1000,
      recoveryLevel: 'Recoverable+Purgeable',
      recoverableDays: 90,
    })
    const { attributes: ofPolicy, ...said } = policy as NonNullable<typeof policy>
    assert.equal(ofPolicy.enabled, true)
    // As the service fills in what nobody says.
    assert.deepEqual(said, {
      id: `${origin}/certificates/Web/policy`,
      key_props: { exportable: true, kty: 'RSA', key_size: 2048, reuse_key: false },
      secret_props: { contentType: 'application/x-pkcs12' },
      x509_props: {
        subject: 'CN=localhost',
        sans: { dns_names: ['localhost'] },
        ekus: ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'],
        key_usage: ['digitalSignature', 'keyEncipherment'],
        validity_months: 12,
        basic_constraints: { ca: false },
      },
      lifetime_actions: [{ trigger: { lifetime_percentage: 80 }, action: { action_type: 'AutoRenew' } }],
      issuer: { name: 'Self' },
    })
  })

  it('is asked for under every spelling of its path that clients have', async () => {
    const { id } = await vault.make('spelt')
    const version = versionIn({ id })
    for (const path of [
      '/certificates/spelt/',
      '//certificates/spelt',
      '/Certificates/SPELT',
      `/certificates/spelt/${version}/`,
    ])
      assert.equal((await vault.done('GET', path)).id, id, path)
    assert.deepEqual((await vault.done('PATCH', '/certificates/spelt/', { tags: { b: '2' } })).tags, { b: '2' })
    // What has a place of its own is no certificate's name.
    assert.equal((await vault.ask('GET', '/certificates/contacts/')).json.error.code, 'ContactsNotFound')
    assert.deepEqual((await vault.done('GET', '/certificates/issuers/')).value, [])
    for (const name of ['contacts', 'Issuers', 'restore']) {
      const heard = await vault.ask('POST', `/certificates/${name}/create`, { policy: selfPolicy })
      assert.deepEqual(errorOf(heard).slice(0, 2), [400, 'BadParameter'])
    }
    assert.equal(
      (await vault.ask('POST', '/certificates//restore', { value: 'AAAA' })).json.error.code,
      'Malformed backup blob',
    )
  })

  it('of which objects without members say nothing has what it would have without them', async () => {
    const empty = {
      ...selfPolicy,
      ...{ key_props: {}, secret_props: {}, attributes: {}, lifetime_actions: null },
      x509_props: { subject: 'CN=empty', sans: {}, basic_constraints: {}, ekus: null },
    }
    const { policy } = await vault.make('empty', empty, { attributes: {} })
    assert.equal(policy?.key_props.key_size, 2048)
    assert.equal(policy?.x509_props.sans, undefined)
    const changed = await vault.done('PATCH', '/certificates/empty/policy', {
      ...{ key_props: {}, x509_props: { sans: {} }, issuer: {}, lifetime_actions: [] },
    })
    assert.deepEqual([changed.x509_props, changed.key_props], [policy?.x509_props, policy?.key_props])
    assert.deepEqual(changed.lifetime_actions, [])
    // The policy that is kept is the one to make the next version by.
    await vault.make('empty', {})
    assert.equal((await vault.done('GET', '/certificates/empty')).policy.x509_props.subject, 'CN=empty')
    const none = await vault.ask('POST', '/certificates/first/create', { policy: {} })
    assert.deepEqual(errorOf(none).slice(0, 2), [400, 'BadParameter'])
    assert.match(none.json.error.message, /policy/)
  })

  it('that waits for somebody to sign it is there, disabled, without what it lacks', async () => {
    const asked = await vault.ask('POST', '/certificates/waits/create', { policy: unknownPolicy })
    assert.equal(
      asked.json.status_details,
      'Pending certificate created. Please Perform Merge to complete the request.',
    )
    const stands = await vault.done('GET', '/certificates/waits')
    assert.deepEqual(Object.keys(stands), ['id', 'attributes', 'policy', 'pending'])
    assert.match(stands.id, /\/certificates\/waits\/[0-9a-f]{32}$/)
    assert.equal(stands.attributes.enabled, false)
    assert.ok(stands.attributes.exp > stands.attributes.nbf)
    for (const path of ['/keys/waits', '/secrets/waits']) assert.equal((await vault.ask('GET', path)).status, 404)
    const listed = async (query = '') =>
      (await vault.ask('GET', '/certificates', undefined, `api-version=7.6${query}`)).json.value
        .map(({ id }: { id: string }) => id.split('/').at(-1))
        .includes('waits')
    assert.deepEqual(
      [await listed(), await listed('&includePending=true'), await listed('&includePending=False')],
      [false, true, false],
    )
    assert.deepEqual((await vault.done('GET', '/certificates/waits/versions')).value, [])

    const progress = (query: string) => vault.ask('GET', '/certificates/waits/pending', undefined, query)
    const { request_id } = asked.json
    const right = await progress(`api-version=7.6&request_id=${request_id}`)
    assert.deepEqual([right.status, right.headers['retry-after']], [200, '10'])
    assert.deepEqual(errorOf(await progress(`api-version=7.6&request_id=${'0'.repeat(32)}`)), [
      404,
      'PendingCertificateNotFound',
      undefined,
      'Pending certificate not found: waits',
    ])
    for (const [action, body] of [
      ['create', { policy: selfPolicy }],
      ['import', { value: readFileSync(file('ca.key'), 'utf8') + readFileSync(file('ca.pem'), 'utf8') }],
    ] as const)
      assert.deepEqual(errorOf(await vault.ask('POST', `/certificates/waits/${action}`, body)), [
        409,
        'Forbidden',
        undefined,
        "A new key vault certificate can not be created or imported while a pending key vault certificate's status is inProgress.",
      ])

    assert.equal((await vault.done('DELETE', '/certificates/waits/pending')).request_id, request_id)
    assert.equal((await vault.ask('GET', '/certificates/waits/pending')).status, 404)
    const left = await vault.done('GET', '/certificates/waits')
    assert.deepEqual(Object.keys(left), ['id', 'attributes', 'policy'])
    const gone = await vault.done('DELETE', '/certificates/waits')
    assert.equal(gone.recoveryId, `${origin}/deletedcertificates/waits`)
    assert.ok(!('cer' in gone))
  })

  it('is merged once it was signed, with the chain that was sent', async () => {
    const { csr } = await vault.done('POST', '/certificates/merged/create', { policy: unknownPolicy })
    const chain = [signed(csr), derOf('ca.pem')].map((der) => der.toString('base64'))
    const merge = (x5c: readonly string[]) =>
      vault.ask('POST', '/certificates/merged/pending/merge', { x5c, tags: { by: 'hand' } })
    const foreign = await merge(chain.slice(1))
    assert.equal(foreign.status, 400)
    assert.match(foreign.json.error.message, /does not match the public part of the specified private key/)
    const placeholder = versionIn(await vault.done('GET', '/certificates/merged'))
    const heard = await merge(chain)
    assert.equal(heard.status, 201, heard.text)
    assert.equal(heard.headers.location, `${origin}/certificates/merged?api-version=2026-04-01`)
    assert.deepEqual([heard.json.cer, heard.json.tags, heard.json.attributes.enabled], [chain[0], { by: 'hand' }, true])
    assert.notEqual(versionIn(heard.json), placeholder)
    assert.deepEqual((await vault.done('GET', '/certificates/merged/versions')).value.map(versionIn), [
      versionIn(heard.json),
    ])
    assert.equal((await vault.done('GET', '/certificates/merged/pending')).status, 'completed')
    assert.equal((await merge(chain)).status, 403)
    const late = await vault.ask('PATCH', '/certificates/merged/pending', { cancellation_requested: true })
    assert.deepEqual(errorOf(late), [
      403,
      'Forbidden',
      undefined,
      'Pending status must be in progress to allow update.',
    ])
  })

  it('that was made elsewhere says itself what it is good for, and keeps the order of its file where that counts', async () => {
    openssl('req -newkey rsa:2048 -nodes -keyout leaf.key -out leaf.csr -subj /CN=leaf')
    openssl('x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 9 -out own.pem')
    const [leaf, authority] = [readFileSync(file('own.pem'), 'utf8'), readFileSync(file('ca.pem'), 'utf8')]
    const value = authority + readFileSync(file('leaf.key'), 'utf8') + leaf
    const policy = {
      key_props: { reuse_key: true },
      x509_props: { subject: 'CN=other', validity_months: 99, ekus: ['1.2.3'] },
      issuer: { name: 'Self' },
      lifetime_actions: [{ trigger: { days_before_expiry: 3 }, action: { action_type: 'EmailContacts' } }],
    }
    const subjects = async (): Promise<string[]> => {
      const { value: pem } = await vault.done('GET', '/secrets/own')
      return (pem as string)
        .split(/(?<=-----END [A-Z ]+-----\n)/)
        .map((block) => (block.includes('PRIVATE') ? 'key' : new X509Certificate(block).subject))
    }
    const imported = await vault.done('POST', '/certificates/own/import', { value, policy, tags: { a: '1' } })
    assert.deepEqual(
      [imported.policy.x509_props, imported.policy.issuer, imported.policy.key_props.reuse_key],
      [
        {
          ...{ subject: 'CN=leaf', ekus: [], key_usage: [] },
          ...{ validity_months: 1, basic_constraints: { ca: false } },
        },
        { name: 'Self' },
        true,
      ],
    )
    assert.deepEqual(imported.policy.lifetime_actions, policy.lifetime_actions)
    assert.ok(!('pending' in imported))
    assert.deepEqual(await subjects(), ['key', 'CN=leaf', 'CN=Authority'])
    const kept = await vault.done('POST', '/certificates/own/import', { value, preserveCertOrder: true })
    assert.equal(kept.preserveCertOrder, true)
    assert.equal(kept.cer, new X509Certificate(leaf).raw.toString('base64'))
    assert.deepEqual(await subjects(), ['key', 'CN=Authority', 'CN=leaf'])
  })

  it('has a secret and a key of its name and version, which tell so, and are not changed but with it', async () => {
    const { id, kid } = await vault.make('whole')
    const version = versionIn({ id })
    const secret = await vault.done('GET', '/secrets/whole')
    assert.deepEqual([secret.managed, secret.kid, versionIn(secret)], [true, kid, version])
    const inList = async (kind: string, name: string) =>
      (await vault.done('GET', `/${kind}`)).value.find((one: { id?: string; kid?: string }) =>
        (one.id ?? one.kid)?.endsWith(`/${name}`),
      )
    const [line, keyLine] = [await inList('secrets', 'whole'), await inList('keys', 'whole')]
    assert.deepEqual([line.managed, line.contentType, line.kid], [true, 'application/x-pkcs12', undefined])
    assert.equal(keyLine.managed, true)
    assert.equal((await vault.done('GET', '/keys/whole')).managed, true)
    const words = (operation: string) =>
      `Operation "${operation}" is not allowed as this object's lifetime is managed by Key Vault.`
    for (const [method, path, body, operation] of [
      ['PUT', '/secrets/whole', { value: 'v' }, 'set'],
      ['PATCH', '/secrets/whole', { tags: {} }, 'update'],
      ['DELETE', '/secrets/whole', undefined, 'delete'],
      ['POST', '/secrets/whole/backup', undefined, 'backup'],
      ['POST', '/keys/whole/create', { kty: 'EC' }, 'create'],
      ['PATCH', `/keys/whole/${version}`, { key_ops: ['decrypt'] }, 'update'],
      ['DELETE', '/keys/whole', undefined, 'delete'],
      ['POST', '/keys/whole/backup', undefined, 'backup'],
      ['POST', '/keys/whole/rotate', undefined, 'rotate'],
    ] as const) {
      const kind = path.startsWith('/keys') ? 'Key' : 'Secret'
      const refused = [403, 'Forbidden', `${kind}ManagedByKeyVault`, words(operation)]
      assert.deepEqual(errorOf(await vault.ask(method, path, body)), refused, `${method} ${path}`)
    }
    await vault.done('DELETE', '/certificates/whole')
    for (const [method, path] of [
      ['POST', '/deletedsecrets/whole/recover'],
      ['DELETE', '/deletedsecrets/whole'],
      ['POST', '/deletedkeys/whole/recover'],
      ['DELETE', '/deletedkeys/whole'],
    ] as const)
      assert.equal((await vault.ask(method, path)).status, 403, `${method} ${path}`)
    await vault.done('POST', '/deletedcertificates/whole/recover')

    await vault.done('PUT', '/secrets/taken', { value: 'v' })
    const clash = await vault.ask('POST', '/certificates/taken/create', { policy: selfPolicy })
    assert.deepEqual(errorOf(clash).slice(0, 3), [409, 'Conflict', undefined])
  })

  it('has its secret in the form that a reader asks for', async () => {
    await vault.make('formed')
    const ask = (form: string) =>
      vault.ask(
        'GET',
        '/secrets/formed',
        undefined,
        `api-version=2025-07-01&outContentType=${encodeURIComponent(form)}`,
      )
    const same = await ask('application/x-pkcs12')
    assert.equal(same.json.contentType, 'application/x-pkcs12')
    const pem = (await ask('application/x-pem-file')).json
    assert.equal(pem.contentType, 'application/x-pem-file')
    const leaf = new X509Certificate(pem.value)
    assert.ok(leaf.checkPrivateKey(createPrivateKey(pem.value)))
    await vault.make('pem', { ...selfPolicy, secret_props: { contentType: 'application/x-pem-file' } })
    const back = await vault.ask(
      'GET',
      '/secrets/pem',
      undefined,
      'api-version=2025-07-01&outContentType=application/x-pkcs12',
    )
    assert.deepEqual(errorOf(back).slice(0, 2), [400, 'BadParameter'])
    // One that others may not have stays without its private key.
    await vault.make('shut', { ...selfPolicy, key_props: { exportable: false } })
    const shut = await vault.ask(
      'GET',
      '/secrets/shut',
      undefined,
      'api-version=2025-07-01&outContentType=application/x-pem-file',
    )
    assert.match(shut.json.value, /^-----BEGIN CERTIFICATE-----/)
    assert.ok(!shut.json.value.includes('PRIVATE'))
  })

  it('is said not to be there in the words that clients read', async () => {
    const { id } = await vault.make('told')
    const version = versionIn({ id }).replaceAll(/./g, '0')
    const notFound = (about: string) =>
      `A certificate with (name/id) ${about} was not found in this key vault. If you recently deleted this certificate you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182`
    for (const [method, path, code, words] of [
      ['GET', '/certificates/none', 'CertificateNotFound', notFound('none')],
      ['GET', `/certificates/told/${version}`, 'CertificateNotFound', notFound(`told/versions/${version}`)],
      ['GET', '/certificates/none/policy', 'CertificateNotFound', notFound('none')],
      ['GET', '/certificates/none/pending', 'PendingCertificateNotFound', 'Pending certificate not found: none'],
      ['DELETE', '/certificates/none', 'CertificateNotFound', notFound('none')],
      ['GET', '/deletedcertificates/none', 'CertificateNotFound', 'Deleted Certificate not found: none'],
      ['POST', '/deletedcertificates/none/recover', 'CertificateNotFound', notFound('none')],
      ['GET', '/certificates/contacts', 'ContactsNotFound', 'Contacts not found'],
      ['DELETE', '/certificates/contacts', 'ContactsNotFound', 'Contacts not found'],
      ['GET', '/certificates/issuers/none', 'CertificateIssuerNotFound', 'Issuer not found'],
      ['DELETE', '/certificates/issuers/none', 'CertificateIssuerNotFound', 'Issuer not found'],
    ] as const)
      assert.deepEqual(errorOf(await vault.ask(method, path)), [404, code, undefined, words], `${method} ${path}`)
    assert.deepEqual(await vault.done('GET', '/certificates/none/versions'), { value: [], nextLink: null })
  })

  it('stands in lists as clients page through them', async () => {
    for (const name of ['page-1', 'page-2', 'page-3'])
      await vault.done('POST', `/certificates/${name}/import`, {
        value: readFileSync(file('ca.key'), 'utf8') + readFileSync(file('ca.pem'), 'utf8'),
      })
    const seen: { id: string; x5t: string; attributes: object }[] = []
    let link: string | null = '/certificates?api-version=7.6&maxresults=2&includePending=true'
    while (link !== null) {
      const { json }: Heard = await house.ask(house.vaultHost, 'GET', link.replace(origin, ''), {
        token: await house.developerToken(),
      })
      seen.push(...json.value)
      link = json.nextLink
      if (link !== null) assert.match(link, /&includePending=true&maxresults=2$/)
    }
    const mine = seen.filter(({ id }) => /\/page-\d$/.test(id))
    assert.deepEqual(
      mine.map(({ id }) => id.slice(-6)),
      ['page-1', 'page-2', 'page-3'],
    )
    for (const { x5t, attributes } of mine) {
      assert.equal(x5t, createHash('sha1').update(derOf('ca.pem')).digest('base64url'))
      assert.deepEqual(Object.keys(attributes), ['enabled', 'nbf', 'exp', 'created', 'updated'])
    }
    await vault.done('DELETE', '/certificates/page-1')
    const [deleted] = (await vault.done('GET', '/deletedcertificates')).value.filter(({ id }: { id: string }) =>
      id.endsWith('page-1'),
    )
    assert.deepEqual(
      [deleted.recoveryId, deleted.attributes.recoveryLevel],
      [`${origin}/deletedcertificates/page-1`, 'Recoverable+Purgeable'],
    )
    const old = await vault.ask('GET', '/certificates/page-2', undefined, 'api-version=7.0')
    assert.ok(!('recoverableDays' in old.json.attributes))
  })

  it('is made by issuers that this vault has: what is said of others is kept, and their passwords are told to nobody', async () => {
    const said = {
      provider: 'DigiCert',
      credentials: { account_id: 'account', pwd: 'correct horse battery' },
      org_details: {
        id: 'org',
        admin_details: [{ first_name: 'F', last_name: 'L', email: 'f@example.org', phone: '1' }],
      },
    }
    const set = await vault.ask('PUT', '/certificates/issuers/Digi', said)
    const { attributes, ...issuer } = set.json
    assert.deepEqual(issuer, {
      id: `${origin}/certificates/issuers/Digi`,
      provider: 'DigiCert',
      credentials: { account_id: 'account' },
      org_details: { ...said.org_details, zip: 0 },
    })
    assert.equal(attributes.enabled, true)
    const patched = await vault.ask('PATCH', '/certificates/issuers/digi', { attributes: { enabled: false } })
    assert.deepEqual([patched.json.provider, patched.json.attributes.enabled], ['DigiCert', false])
    const listed = await vault.ask('GET', '/certificates/issuers')
    assert.deepEqual(listed.json.value, [{ id: `${origin}/certificates/issuers/Digi`, provider: 'DigiCert' }])
    for (const { text } of [set, patched, listed, await vault.ask('GET', '/certificates/issuers/digi')])
      assert.ok(!text.includes('horse'))
    const asked = await vault.ask('POST', '/certificates/outside/create', {
      policy: { ...selfPolicy, issuer: { name: 'Digi' } },
    })
    assert.deepEqual(errorOf(asked).slice(0, 2), [400, 'BadParameter'])
    assert.match(asked.json.error.message, /Self.*Unknown/)
    assert.equal((await vault.ask('DELETE', '/certificates/issuers/digi')).status, 200)
    const resources = (await house.deeds()).filter(({ operation }) => operation === 'CertificateIssuerDelete')
    assert.match(resources.at(-1)?.resource ?? '', /\/vaults\/demo\/certificateissuers\/digi$/)
  })
})
