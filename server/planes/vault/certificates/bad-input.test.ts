import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, describe, it } from 'node:test'
import { type Heard, openHouse } from '../../../testing/house.ts'
import { certificatesIn, selfPolicy } from '../testing/certificates.ts'

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())
const vault = certificatesIn(house)

/** What was refused as it should be, in the service's code, with words that say what is wrong and repeat nothing. */
function refuses(heard: Heard, about: RegExp, shown: unknown): void {
  const which = JSON.stringify(shown)?.slice(0, 120)
  assert.deepEqual([heard.status, heard.json?.error?.code], [400, 'BadParameter'], `${which}: ${heard.text}`)
  assert.match(heard.json.error.message, about, which)
  assert.ok(heard.json.error.message.length < 400, which)
}
const x509 = (more: object) => ({ ...selfPolicy, x509_props: { subject: 'CN=a', ...more } })
const key = (more: object) => ({ ...selfPolicy, key_props: more })
const actions = (...more: object[]) => ({ ...selfPolicy, lifetime_actions: more })
const renew = { action_type: 'AutoRenew' }

/** What is wrong with a policy, wherever it is sent. */
const policies: readonly [policy: unknown, about: RegExp][] = [
  ['policy', /policy/],
  [[], /policy/],
  [{ x509_props: 'CN=a' }, /x509_props/],
  [x509({ subject: 'a' }), /X500 name/],
  [x509({ subject: 'CN=' }), /X500 name/],
  [x509({ subject: 'CN=a, FLY=b' }), /X500 name/],
  [x509({ subject: `CN=${'a'.repeat(65)}` }), /X500 name/],
  [x509({ subject: `O=${'a'.repeat(200)}` }), /200 characters/],
  [x509({ subject: 'CN=a\u0000b' }), /X500 name/],
  [x509({ subject: ['CN=a'] }), /subject/],
  [x509({ ekus: ['serverAuth'] }), /ekus\[0\]/],
  [x509({ ekus: ['1.3.6..1'] }), /ekus/],
  [x509({ ekus: ['9.9.9'] }), /ekus/],
  [x509({ ekus: Array.from({ length: 51 }, () => '1.2.3') }), /ekus/],
  [x509({ key_usage: ['fly'] }), /key_usage\[0\]/],
  [x509({ key_usage: 'digitalSignature' }), /key_usage/],
  [x509({ validity_months: 0 }), /validity_months/],
  [x509({ validity_months: 1.5 }), /validity_months/],
  [x509({ validity_months: 1201 }), /validity_months/],
  [x509({ sans: { dns_names: ['a b'] } }), /./],
  [x509({ sans: { dns_names: 'a.example' } }), /dns_names/],
  [x509({ sans: { emails: ['nobody'] } }), /./],
  [x509({ sans: { ipAddresses: ['300.1.1.1'] } }), /./],
  [x509({ sans: { uris: ['no uri'] } }), /./],
  [x509({ sans: { dns_names: Array.from({ length: 101 }, () => 'a.example') } }), /dns_names/],
  [key({ kty: 'oct' }), /kty/],
  [key({ kty: 'RSA', key_size: 1024 }), /2048/],
  [key({ kty: 'EC', key_size: 2048 }), /2048/],
  [key({ kty: 'EC', crv: 'P-224' }), /crv/],
  [key({ kty: 'EC', crv: 'P-256', key_size: 384 }), /256 bits/],
  [key({ kty: 'RSA-HSM', exportable: true }), /exportable/],
  [key({ exportable: 'yes' }), /exportable/],
  [{ ...selfPolicy, secret_props: { contentType: 'text/plain' } }, /contentType/],
  [actions({ trigger: {}, action: renew }), /lifetime_percentage/],
  [actions({ trigger: { lifetime_percentage: 80, days_before_expiry: 9 }, action: renew }), /lifetime_percentage/],
  [actions({ trigger: { lifetime_percentage: 100 }, action: renew }), /lifetime_percentage/],
  [actions({ trigger: { days_before_expiry: 325 }, action: renew }), /324/],
  [actions({ trigger: { lifetime_percentage: 80 }, action: { action_type: 'Fly' } }), /action_type/],
  [actions({ trigger: { lifetime_percentage: 80 } }), /action/],
  [actions(...[70, 80].map((percentage) => ({ trigger: { lifetime_percentage: percentage }, action: renew }))), /one/],
  [{ ...selfPolicy, issuer: { name: 'a_b' } }, /issuer\.name/],
  [{ ...selfPolicy, issuer: { name: 'nobody' } }, /no issuer nobody/],
  [{ ...selfPolicy, platformManaged: { certificateUsage: 'a' } }, /platformManaged/],
]

describe('bad input about certificates', () => {
  it('is refused where one is asked for, and leaves none', async () => {
    refuses(await vault.ask('POST', '/certificates/never/create', undefined), /./, 'nothing')
    refuses(await vault.ask('POST', '/certificates/never/create', {}), /policy/, {})
    for (const [policy, about] of policies)
      refuses(await vault.ask('POST', '/certificates/never/create', { policy }), about, policy)
    for (const [body, about] of [
      [{ policy: selfPolicy, tags: { t: 'v'.repeat(257) } }, /256/],
      [{ policy: selfPolicy, attributes: { enabled: 'yes' } }, /attributes\.enabled/],
      [{ policy: selfPolicy, preserveCertOrder: 'yes' }, /preserveCertOrder/],
      [{ policy: key({ kty: 'RSA-HSM' }) }, /premium/],
    ] as const)
      refuses(await vault.ask('POST', '/certificates/never/create', body), about, body)
    for (const name of ['a_b', 'x'.repeat(128), 'a%20b'])
      refuses(await vault.ask('POST', `/certificates/${name}/create`, { policy: selfPolicy }), /name/, name)
    for (const kind of ['certificates', 'keys', 'secrets'])
      assert.equal((await vault.ask('GET', `/${kind}/never`)).status, 404)
    assert.equal((await vault.ask('GET', '/certificates/never/pending')).status, 404)
  })

  it('is refused where a policy is changed, and changes nothing', async () => {
    await vault.make('kept')
    const before = (await vault.ask('GET', '/certificates/kept/policy')).text
    // What names no issuer that is kept may be written down: it is asked for only when one is made.
    for (const [policy, about] of policies.slice(2).filter(([, words]) => !words.source.includes('nobody')))
      refuses(await vault.ask('PATCH', '/certificates/kept/policy', policy), about, policy)
    assert.equal((await vault.ask('GET', '/certificates/kept/policy')).text, before)
    refuses(await vault.ask('PATCH', '/certificates/kept', { tags: { a: 1 } }), /tags/, 'tags')
    refuses(await vault.ask('PATCH', '/certificates/kept/latest', { tags: {} }), /version/, 'version')
  })

  it('is refused where one is taken in, and no part of its key or password is repeated', async () => {
    const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' })
    const { value: pfx } = await vault.done('GET', `/secrets/${(await vault.make('source')).id.split('/')[4]}`)
    const password = 'correct horse battery'
    const wrong: readonly [body: unknown, about: RegExp][] = [
      [{}, /value/],
      [{ value: 7 }, /value/],
      [{ value: '' }, /./],
      [{ value: 'AAAA' }, /PKCS#12/],
      [{ value: '-----BEGIN nothing' }, /PEM/],
      [{ value: pem }, /./],
      [{ value: pfx.slice(0, -400) }, /PKCS#12/],
      [{ value: pfx, pwd: password }, /PKCS#12/],
      [{ value: pfx, pwd: 'p'.repeat(201) }, /200/],
      [{ value: 'A'.repeat(100_001) }, /100000/],
      [{ value: pfx, policy: { secret_props: { contentType: 'text/plain' } } }, /contentType/],
      [{ value: pfx, policy: { key_props: { kty: 'EC-HSM' } } }, /./],
    ]
    for (const [body, about] of wrong) {
      const heard = await vault.ask('POST', '/certificates/never/import', body)
      refuses(heard, about, body)
      assert.ok(!heard.text.includes(password) && !heard.text.includes('PRIVATE KEY'))
    }
    assert.equal((await vault.ask('GET', '/certificates/never')).status, 404)
  })

  it('is refused where one is merged or called off, and ends nothing', async () => {
    await vault.done('POST', '/certificates/open/create', { policy: { x509_props: { subject: 'CN=open' } } })
    const merge = (body: unknown) => vault.ask('POST', '/certificates/open/pending/merge', body)
    for (const [body, about] of [
      [{}, /x5c/],
      [{ x5c: 'AAAA' }, /x5c/],
      [{ x5c: [] }, /./],
      [{ x5c: [7] }, /x5c\[0\]/],
      [{ x5c: ['AAAA'] }, /x5c\[0\]/],
      [{ x5c: ['no base64!'] }, /x5c\[0\]/],
      [{ x5c: ['MIIBAAAA'] }, /./],
      [{ x5c: ['A'.repeat(32_769)] }, /32768/],
      [{ x5c: Array.from({ length: 17 }, () => 'AAAA') }, /16/],
    ] as const)
      refuses(await merge(body), about, body)
    for (const body of [{}, { cancellation_requested: false }, { cancellation_requested: 'true' }])
      refuses(await vault.ask('PATCH', '/certificates/open/pending', body), /cancellation_requested/, body)
    const none = await vault.ask('POST', '/certificates/nobody/pending/merge', { x5c: ['AAAA'] })
    assert.equal(none.status, 400)
    assert.equal((await vault.done('GET', '/certificates/open/pending')).status, 'inProgress')
  })

  it('is refused of issuers and contacts', async () => {
    for (const [method, path, body, about] of [
      ['PUT', '/certificates/issuers/a_b', { provider: 'Test' }, /issuer/],
      ['PUT', '/certificates/issuers/a', {}, /provider/],
      ['PUT', '/certificates/issuers/a', { provider: 'x'.repeat(257) }, /provider/],
      ['PUT', '/certificates/issuers/a', { provider: 'T', org_details: { admin_details: [{ email: 'x' }] } }, /email/],
      ['PUT', '/certificates/contacts', {}, /contacts/],
      ['PUT', '/certificates/contacts', { contacts: [{ name: 'A' }] }, /email/],
      ['PUT', '/certificates/contacts', { contacts: [{ email: 'a@b\r\nBcc: c@d' }] }, /email/],
      ['PUT', '/certificates/contacts', { contacts: Array.from({ length: 101 }, () => ({ email: 'a@b' })) }, /100/],
    ] as const)
      refuses(await vault.ask(method, path, body), about, body)
    for (const value of ['yes', '', '1']) {
      const heard = await vault.ask('GET', '/certificates', undefined, `api-version=7.4&includePending=${value}`)
      refuses(heard, /includepending/, value)
    }
    assert.equal((await vault.ask('GET', '/certificates/contacts')).status, 404)
  })
})
