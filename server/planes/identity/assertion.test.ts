import assert from 'node:assert/strict'
import { createHash, createPrivateKey, randomUUID, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { SignJWT } from 'jose'
import { mayUseAssertion } from '#core/identity/assertions.ts'
import { addCertificate } from '#core/identity/directory.ts'
import { certificateFor } from '../../testing/certificates.ts'
import { openHouse } from '../../testing/house.ts'
import { peopleOf } from './testing/people.ts'

let now = Date.now()
const house = await openHouse({ clock: () => now })
after(() => house[Symbol.asyncDispose]())
const app = await house.newcomer('an application')
const { post } = peopleOf(() => house)

const own = certificateFor(house.data, 'own')
const foreign = certificateFor(house.data, 'foreign')
// Both hold from when they were made, which is later than the house was opened.
now = Date.now()

const scope = 'https://vault.cardea.internal/.default'

describe('a certificate’s assertion', () => {
  const endpoint = () => `https://login.cardea.internal/${house.cardea.installation.tenant}/oauth2/v2.0/token`
  const seconds = () => Math.floor(now / 1000)

  before(async () => {
    await house.cardea.base.database.write((turn) =>
      addCertificate(turn, house.cardea.base.keyring, app.principal, own.text, {
        name: 'own',
        ends: turn.at + 86_400_000,
      }),
    )
  })

  const assertion = ({
    alg = 'PS256',
    key = own.key,
    thumbprint = own.thumbprint,
    header,
    claims,
  }: {
    alg?: string
    key?: string
    thumbprint?: string
    header?: object
    claims?: object
  } = {}) =>
    new SignJWT({
      iss: app.principal.appId,
      sub: app.principal.appId,
      aud: endpoint(),
      jti: randomUUID(),
      iat: seconds(),
      nbf: seconds(),
      exp: seconds() + 600,
      ...claims,
    })
      .setProtectedHeader({
        alg,
        typ: 'JWT',
        'x5t#S256': thumbprint,
        ...header,
      })
      .sign(createPrivateKey(readFileSync(key)))
  const ask = async (jwt: string, extra: Record<string, string> = {}) =>
    post({
      grant_type: 'client_credentials',
      client_id: app.principal.appId,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: jwt,
      scope,
      ...extra,
    })

  it('is taken as each client makes it: PS256 or RS256, either thumbprint, padded or not, with fractions of seconds', async () => {
    const sha1 = createHash('sha1').update(new X509Certificate(own.text).raw).digest('base64')
    for (const jwt of [
      await assertion(),
      await assertion({ alg: 'RS256', header: { 'x5t#S256': undefined, x5t: sha1 } }),
      await assertion({
        alg: 'RS256',
        header: { 'x5t#S256': undefined, x5t: sha1.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_') },
      }),
      await assertion({ claims: { iat: now / 1000, exp: now / 1000 + 599.5 } }),
      await assertion({ claims: { aud: 'https://login.cardea.internal/adfs/oauth2/v2.0/token' } }),
      `${await assertion()}\n`,
    ]) {
      assert.equal((await ask(jwt)).status, 200)
    }
  })

  it('may be sent again by whoever used it first, and by nobody else', async () => {
    const jti = randomUUID()
    const jwt = await assertion({ claims: { jti } })
    assert.equal((await ask(jwt)).status, 200)
    // Azure's JavaScript library sends the same one for every token that it wants within ten minutes.
    assert.equal((await ask(jwt)).status, 200)
    const { base } = house.cardea
    const elsewhere = { issuer: app.principal.appId, id: jti, assertion: jwt, address: '10.0.0.9', ends: now + 600_000 }
    const may = (used: typeof elsewhere) => base.database.write((turn) => mayUseAssertion(turn, base.keyring, used))
    assert.equal(await may(elsewhere), false)
    assert.equal(await may({ ...elsewhere, address: '127.0.0.1' }), true)
    assert.equal(await may({ ...elsewhere, issuer: randomUUID() }), true, 'another’s ids are another’s')
    // Another assertion with the same id is a forgery of one of the two.
    const twin = await assertion({ claims: { jti, iat: seconds() - 1 } })
    const heard = await ask(twin)
    assert.deepEqual([heard.status, heard.json.error_codes], [401, [700027]])
  })

  it('is forgotten once it would be refused as expired', async () => {
    const count = async () =>
      Number(
        ((await house.cardea.base.database.read.run('select count(*) as n from ticket', [])).rows[0] as { n: number })
          .n,
      )
    for (const jwt of [await assertion(), await assertion()]) await ask(jwt)
    assert.ok((await count()) > 1)
    now += 1000_000
    await ask(await assertion())
    assert.equal(await count(), 1)
  })

  it('is refused when it is another’s, expired, for another place, too long-lived, or unsigned', async () => {
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await assertion()).split('.')[1]}.`
    for (const jwt of [
      await assertion({ key: foreign.key, thumbprint: foreign.thumbprint }),
      await assertion({ key: foreign.key }),
      await assertion({ claims: { iss: randomUUID() } }),
      await assertion({ claims: { sub: randomUUID() } }),
      await assertion({ claims: { aud: 'https://login.example.org/token' } }),
      await assertion({ claims: { aud: 'https://login.cardea.internal.example.org/x/oauth2/v2.0/token' } }),
      await assertion({ claims: { exp: seconds() - 1000 } }),
      await assertion({ claims: { exp: seconds() + 30 * 86_400 } }),
      await assertion({ claims: { exp: undefined } }),
      unsigned,
      'a.b.c',
    ]) {
      const heard = await ask(jwt)
      assert.deepEqual([heard.status, heard.json.error], [401, 'invalid_client'], jwt)
    }
  })
})
