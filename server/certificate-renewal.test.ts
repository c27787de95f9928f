import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, beforeEach, describe, it } from 'node:test'
import { Fault } from '#base/fault.ts'
import { findingsOf } from '#core/alerts/findings.ts'
import type { Certificate } from '#core/certificates/certificate.ts'
import {
  deleteCertificate,
  listCertificateVersions,
  recoverCertificate,
  updateCertificate,
  updatePolicy,
} from '#core/certificates/certificates.ts'
import { setContacts } from '#core/certificates/contacts.ts'
import { cancelOperation } from '#core/certificates/pending.ts'
import { principalByApp } from '#core/identity/directory.ts'
import { rotationAppId } from '#core/identity/principal.ts'
import { VaultBook } from '#core/vaults/vaults.ts'
import { type Certifying, openCertifying } from './testing/certifying.ts'
import { type Kept, onBothEngines } from './testing/engines.ts'
import { type MailSink, openMailSink } from './testing/mail-sink.ts'
import { type HeldUp, heldUpKeys, until } from './testing/rotating-keys.ts'

const day = 86_400_000
const minute = 60_000
const self = { subject: 'CN=web.example', issuer: { name: 'Self' }, key: { type: 'EC' } } as const

onBothEngines((keep) => {
  let kept: Kept
  let sink: MailSink
  let here: Certifying
  let door: HeldUp

  before(async () => {
    kept = await keep()
    sink = await openMailSink()
    door = heldUpKeys()
    const env = { ...kept.env, CARDEA_SMTP_URL: sink.url, CARDEA_MAIL_FROM: 'vault@example.com' }
    here = await openCertifying({ env, custodians: { software: door } })
    await here.act('certificate-contacts/write', (s) => setContacts(s, here.vault, [{ email: 'ops@example.com' }]))
  })
  after(async () => {
    await here?.[Symbol.asyncDispose]()
    await door?.close()
    await sink?.[Symbol.asyncDispose]()
    await kept?.[Symbol.asyncDispose]()
  })
  beforeEach(() => {
    door.before = async () => {}
  })

  const versions = (name: string) =>
    here.look('certificates/read', (s) => listCertificateVersions(s, here.vault, name, { after: undefined, limit: 25 }))
  const reaches = async (name: string, count: number): Promise<Certificate> => {
    await until(`${name} has ${count} versions`, async () => (await versions(name)).length >= count)
    assert.equal((await versions(name)).length, count)
    return here.certificate(name)
  }
  const rests = async () => {
    const due = async () => {
      const { rows } = await here.house.cardea.base.database.read.run(
        `select subject from due where kind in ('renew-certificate', 'issue-certificate', 'certificate-expiry') and at <= ${here.now()}`,
        [],
      )
      return rows.length
    }
    await until('nothing is due', async () => (await due()) === 0)
  }
  const lifeOf = ({ notBefore = 0, expires = 0 }: Certificate) => expires - notBefore
  const publicKey = ({ der }: Certificate) => new X509Certificate(der as Uint8Array).publicKey

  describe('a certificate whose policy has it renewed', () => {
    it('has its next version at four fifths of its life, with another key and the same tags, and then again', async () => {
      const first = await here.issued('web', self, { tags: { of: 'mine' } })
      const due = (first.notBefore as number) + Math.ceil(lifeOf(first) * 0.8)
      await here.leapTo(due - minute)
      await rests()
      assert.equal((await versions('web')).length, 1)
      await here.leapTo(due + 1_000)
      const second = await reaches('web', 2)
      assert.deepEqual(second.tags, { of: 'mine' })
      assert.ok(!publicKey(second).equals(publicKey(first)))
      assert.equal((await here.secret('web')).version, second.version)
      await here.leapTo((second.notBefore as number) + Math.ceil(lifeOf(second) * 0.8) + 1_000)
      await reaches('web', 3)
      const engine = await principalByApp(here.maker.sql, here.maker.keyring, rotationAppId)
      const deeds = (await here.house.deeds()).filter(({ resource }) => resource.includes('/certificates/web'))
      const asked = deeds.filter(({ operation }) => operation === 'CertificateRenew')
      assert.deepEqual(
        asked.map(({ caller, outcome }) => [caller, outcome]),
        [1, 2].map(() => [engine?.objectId, 'done']),
      )
      assert.equal(deeds.filter(({ operation }) => operation === 'CertificateEnroll').length, 3)
    })

    it('keeps its key where the policy says so, and waits for days before its end', async () => {
      const actions = [{ type: 'renew', daysBefore: 20 }] as const
      const first = await here.issued('same', { ...self, key: { type: 'EC', reuse: true }, validityMonths: 1, actions })
      await here.leapTo((first.expires as number) - 20 * day - minute)
      await rests()
      assert.equal((await versions('same')).length, 1)
      await here.leapTo((first.expires as number) - 20 * day + 1_000)
      assert.ok(publicKey(await reaches('same', 2)).equals(publicKey(first)))
    })

    it('follows a policy that is changed at once, and isn’t renewed while it is disabled or deleted', async () => {
      const first = await here.issued('moody', { ...self, actions: [] })
      const set = (enabled: boolean) =>
        here.act('certificates/update', (s) => updateCertificate(s, here.vault, 'moody', undefined, { enabled }))
      await set(false)
      await here.leapTo((first.notBefore as number) + lifeOf(first) / 2)
      const actions = [{ type: 'renew', percentage: 10 }] as const
      await here.act('certificates/update', (s) => updatePolicy(s, here.vault, 'moody', { actions }))
      await rests()
      assert.equal((await versions('moody')).length, 1)
      await here.act('certificates/delete', (s) => deleteCertificate(s, here.vault, 'moody'))
      await here.act('certificates/recover', (s) => recoverCertificate(s, here.vault, 'moody'))
      await rests()
      assert.equal((await versions('moody')).length, 1)
      await set(true)
      await reaches('moody', 2)
    })

    it('is tried again a day later when what was begun was called off', async () => {
      const first = await here.issued('again', self)
      await here.leapTo((first.notBefore as number) + Math.ceil(lifeOf(first) * 0.8) - minute)
      await here.ask('again', { ...self, issuer: { name: 'Unknown' } })
      await here.act('certificates/update', (s) =>
        updatePolicy(s, here.vault, 'again', { ...self, actions: [{ type: 'renew', percentage: 80 }] }),
      )
      await here.leapTo(here.now() + 2 * minute)
      await rests()
      assert.equal((await versions('again')).length, 1)
      await here.act('certificates/update', (s) => cancelOperation(s, here.vault, 'again'))
      await until('it is called off', async () => (await here.operation('again')).status === 'cancelled')
      await here.leapTo(here.now() + day + minute)
      await reaches('again', 2)
    })

    it('isn’t renewed when it was deleted while its key was made', async () => {
      const first = await here.issued('vanishing', self)
      const begun = Promise.withResolvers<void>()
      const going = Promise.withResolvers<void>()
      // The keys of others, which are due as well, may be made.
      door.before = async () => {
        const { rows } = await here.house.cardea.base.database.read.run(
          "select owner from due where kind = 'renew-certificate' and subject = 'demo/vanishing' and owner is not null",
          [],
        )
        if (rows.length === 0) return
        begun.resolve()
        await going.promise
      }
      try {
        await here.leapTo((first.notBefore as number) + Math.ceil(lifeOf(first) * 0.8) + 1_000)
        await begun.promise
        await here.act('certificates/delete', (s) => deleteCertificate(s, here.vault, 'vanishing'))
      } finally {
        going.resolve()
      }
      const renewals = async () =>
        (await here.house.deeds())
          .filter(({ operation, resource }) => operation === 'CertificateRenew' && resource.endsWith('/vanishing'))
          .map(({ outcome }) => outcome)
      await until('the renewal has come to its end', async () => (await renewals()).length > 0)
      await rests()
      assert.deepEqual(await renewals(), ['conflict'])
      // It is due at once when it is back, and nothing of what was made before is left: its key is made anew.
      const again = Promise.withResolvers<void>()
      door.before = () => again.promise
      try {
        await here.act('certificates/recover', (s) => recoverCertificate(s, here.vault, 'vanishing'))
        assert.equal((await versions('vanishing')).length, 1)
      } finally {
        again.resolve()
      }
      await reaches('vanishing', 2)
    })

    it('is found by an alert when its renewal failed in being issued, until one succeeds', async () => {
      const first = await here.issued('unlucky', self)
      const { base } = here.house.cardea
      const found = async () => {
        const rule = { watch: 'rotation-failed', scope: '/', threshold: 1, withinMs: day } as const
        const where = { sql: base.database.read, vaults: new VaultBook(base.database), at: here.now() }
        return (await findingsOf(rule, where)).map(({ says }) => says).filter((says) => says.includes(' unlucky '))
      }
      const { sign } = door
      // The request is signed as well, before it is under way.
      door.sign = async (...given) => {
        if ((await here.operation('unlucky')).status === 'inProgress')
          throw new Fault('invalid', 'This key signs no certificate.')
        return sign.apply(door, given)
      }
      try {
        await here.leapTo((first.notBefore as number) + Math.ceil(lifeOf(first) * 0.8) + 1_000)
        await until('it has failed', async () => (await here.operation('unlucky')).status === 'failed')
      } finally {
        door.sign = sign
      }
      assert.match((await found()).join(), /certificate unlucky in the vault demo .*failed once/)
      assert.equal((await versions('unlucky')).length, 1)
      await here.leapTo(here.now() + day + minute)
      await reaches('unlucky', 2)
      assert.deepEqual(await found(), [])
    })

    it('has its contacts told when it is being renewed, and when it was', async () => {
      const first = await here.issued('announced', self)
      await here.leapTo((first.notBefore as number) + Math.ceil(lifeOf(first) * 0.8) + 1_000)
      const mails = () => sink.mails.filter(({ text }) => text.includes('announced')).map(({ text }) => text)
      await until('both mails came', () => mails().length === 2)
      assert.ok(mails().some((text) => text.includes('announced of the vault demo is being renewed')))
      assert.ok(mails().some((text) => text.includes('announced of the vault demo was renewed')))
    })
  })

  describe('a certificate that nobody renews', () => {
    it('has its contacts told by mail, once', async () => {
      const first = await here.issued('told', { ...self, actions: [{ type: 'mail', percentage: 50 }] })
      await here.leapTo((first.notBefore as number) + lifeOf(first) / 2 + 1_000)
      const mails = () => sink.mails.filter(({ text }) => text.includes('certificate told of'))
      await until('a mail came', () => mails().length > 0)
      // That it was told is kept only after it was.
      await rests()
      await here.act('certificates/update', (s) =>
        updateCertificate(s, here.vault, 'told', undefined, { tags: { touched: 'yes' } }),
      )
      await rests()
      assert.deepEqual(
        mails().map(({ to }) => to),
        [['ops@example.com']],
      )
      assert.equal((await versions('told')).length, 1)
    })

    it('is told to near its end and to have come to it, for all three, once', async () => {
      const first = await here.issued('ending', { ...self, actions: [] })
      const told = async () => {
        const { rows } = await here.house.cardea.base.database.read.run(
          "select type from expiry_notice where name_key = 'ending' order by expires, type",
          [],
        )
        return rows.map((row) => (row as { type: string }).type)
      }
      await here.leapTo((first.expires as number) - 30 * day + 1_000)
      await rests()
      assert.deepEqual(await told(), ['certificate-near-expiry'])
      await here.leapTo((first.expires as number) + 1_000)
      await rests()
      assert.deepEqual(await told(), ['certificate-expired', 'certificate-near-expiry'])
    })
  })
})
