import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { listCertificateVersions } from '#core/certificates/certificates.ts'
import { getKey, listKeyVersions } from '#core/keys/keys.ts'
import { listSecretVersions } from '#core/secrets/secrets.ts'
import { type Certifying, openCertifying } from './testing/certifying.ts'
import { onBothEngines } from './testing/engines.ts'
import { until } from './testing/rotating-keys.ts'

const day = 86_400_000
const all = { after: undefined, limit: 25 }
const program = join(import.meta.dirname, 'testing', 'dying-house.ts')
const policy = {
  subject: 'CN=whole.example',
  issuer: { name: 'Self' },
  key: { type: 'EC' },
  validityMonths: 1,
  actions: [{ type: 'renew', percentage: 50 }],
} as const

/** A renewal signs twice: the request, before anything is kept, and the certificate, while the operation waits for it. */
const moments = [
  { nth: 1, when: 'before', what: 'its request is signed' },
  { nth: 1, when: 'after', what: 'its request is signed' },
  { nth: 2, when: 'before', what: 'it is issued' },
  { nth: 2, when: 'after', what: 'it is issued' },
] as const

/** The versions of the certificate, of its key and of its secret. */
async function versions({ look, vault }: Certifying): Promise<string[][]> {
  const lists = [
    await look('certificates/read', (sight) => listCertificateVersions(sight, vault, 'whole', all)),
    await look('keys/read', (sight) => listKeyVersions(sight, vault, 'whole', all)),
    await look('secrets/list', (sight) => listSecretVersions(sight, vault, 'whole', all)),
  ]
  return lists.map((list) => list.map(({ version }) => version).sort())
}

onBothEngines((keep) => {
  for (const { nth, when, what } of moments) {
    it(`leaves a certificate whole when it is killed right ${when} ${what}, and brings its next version to its end when it is back`, async () => {
      await using kept = await keep()
      const data = await mkdtemp(join(tmpdir(), 'cardea-dying-'))
      try {
        {
          await using here = await openCertifying({ data, env: kept.env })
          await here.issued('whole', policy, { tags: { of: 'mine' } })
        }
        const env = { PATH: process.env.PATH ?? '', ...kept.env }
        const given = [program, data, String(20 * day), when, 'sign', String(nth)]
        const dying = spawn(process.execPath, given, { env, stdio: 'ignore' })
        assert.deepEqual(await once(dying, 'exit'), [null, 'SIGKILL'])
        await using here = await openCertifying({ data, env: kept.env })
        const [certificates = [], ...others] = await versions(here)
        assert.equal(certificates.length, 1)
        for (const list of others) assert.deepEqual(list, certificates)
        assert.equal((await here.operation('whole')).status, nth === 1 ? 'completed' : 'inProgress')
        await here.leapTo(here.now() + 20 * day + 10 * 60_000)
        await until('the next version is there', async () => (await versions(here))[0]?.length === 2)
        const [after = [], ...alike] = await versions(here)
        assert.equal(after.length, 2)
        for (const list of alike) assert.deepEqual(list, after)
        const { tags, version } = await here.certificate('whole')
        assert.deepEqual(tags, { of: 'mine' })
        assert.equal((await here.secret('whole')).version, version)
        assert.equal((await here.look('keys/read', (sight) => getKey(sight, here.vault, 'whole'))).version, version)
        assert.equal((await here.operation('whole')).status, 'completed')
        const deeds = (await here.house.deeds()).filter(({ operation }) => operation === 'CertificateRenew')
        assert.deepEqual(
          deeds.map(({ outcome }) => outcome),
          ['done'],
        )
      } finally {
        await rm(data, { recursive: true, force: true })
      }
    })
  }
})
