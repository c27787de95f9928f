import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { describe, it } from 'node:test'
import { needs } from '@cardea/tools/servers/require'
import { findSoftHsm, openSoftHsm } from '@cardea/tools/servers/softhsm'
import { type Answers, identity, run } from './testing/world.ts'

const softHsm = needs('SoftHSM', findSoftHsm)
const now = 1_700_000_000_000
const date = (ms: number) => ({ date: new Date(ms).toUTCString() })
type Wrong = { skewMs?: number; ready?: number; list?: number; metrics?: string }
const house =
  ({ skewMs = 0, ready = 200, list = 200, metrics = '' }: Wrong = {}): Answers =>
  ({ url }) => {
    if (url.pathname === '/.cardea/ready') return { status: ready, headers: date(now + skewMs) }
    if (url.pathname === '/secrets')
      return {
        status: list,
        body: list === 200 ? { value: [] } : { error: { code: 'Forbidden', message: 'Not you.' } },
      }
    return { body: metrics }
  }
type Line = { state: string; about: string; says: string; next?: string }
async function examined(wrong: Wrong) {
  const { exit, out } = await run(['doctor', '--json'], { answers: house(wrong), now })
  return { exit, lines: new Map((JSON.parse(out) as Line[]).map((line) => [line.about, line])) }
}

describe('the doctor', () => {
  it('finds nothing where all is well', async () => {
    const { exit, lines } = await examined({})
    assert.equal(exit, 0)
    for (const about of ['server', 'trust', 'clock', 'token', 'rights', 'rotations', 'deliveries'])
      assert.equal(lines.get(about)?.state, 'ok', about)
  })

  for (const [what, wrong, about, state, exit] of [
    ['a clock that is off', { skewMs: 120_000 }, 'clock', 'fail', 1],
    ['a database that doesn’t answer', { ready: 503 }, 'server', 'fail', 1],
    [
      'a rotation that is blocked',
      { metrics: 'x 1\ncardea_rotations_open{state="blocked"} 2\n' },
      ...(['rotations', 'fail', 1] as const),
    ],
    ['events that nobody takes', { metrics: 'cardea_events_waiting 500\n' }, 'deliveries', 'warn', 0],
    ['an identity without rights', { list: 403 }, 'rights', 'warn', 0],
  ] as const) {
    it(`finds ${what}, and says what to do`, async () => {
      const found = await examined(wrong)
      assert.deepEqual([found.lines.get(about)?.state, found.exit], [state, exit])
      assert.ok((found.lines.get(about)?.next ?? '').length > 10)
    })
  }

  it('looks at the folder on this machine: whether others may read it, and what is left of its disk', async () => {
    const env = { ...identity, CARDEA_DATA: '/none' }
    const told = async (mode: number, mebibytes: number) => {
      const modes = { '/none': 0o40700, '/none/root.key': mode }
      const { out } = await run(['doctor', '--json'], {
        ...{ answers: house(), now, env, modes, freeBytes: mebibytes * 1024 * 1024 },
      })
      const lines = new Map((JSON.parse(out) as Line[]).map((line) => [line.about, line]))
      return [lines.get('keys')?.state, lines.get('disk')?.state, lines.get('keys')?.next]
    }
    assert.deepEqual(await told(0o100600, 4096), ['ok', 'ok', undefined])
    assert.deepEqual(await told(0o100600, 100), ['ok', 'warn', undefined])
    assert.deepEqual(await told(0o100640, 10), ['fail', 'fail', 'Run: chmod go= /none/root.key'])
  })

  it('names what leads some programs of a shell past the proxy, and where a proxy of before is missed', async () => {
    const shell = {
      AZURE_KEYVAULT_URL: 'https://demo.vault.cardea.internal',
      HTTPS_PROXY: 'http://127.0.0.1:8480',
      CARDEA_DOMAIN: 'cardea.internal',
      CARDEA_TENANT_ID: 'tenant',
    }
    const told = async (more: Record<string, string>) => {
      const { out } = await run(['doctor', '--json'], { answers: house(), now, env: { ...shell, ...more } })
      return (JSON.parse(out) as Line[]).filter(({ about }) => about === 'proxy').map(({ says }) => says)
    }
    assert.deepEqual(await told({}), [])
    assert.match((await told({ https_proxy: 'http://corp:3128' })).join(), /different places/)
    assert.match((await told({ no_proxy: 'a.example,.internal' })).join(), /has \.internal, so programs look past/)
    const before = JSON.stringify({ HTTPS_PROXY: 'http://me:word@corp:3128' })
    assert.match((await told({ CARDEA_BEFORE: before })).join(), /^this shell went out through corp:3128;/)
    const small = JSON.stringify({ https_proxy: 'http://corp:3128' })
    assert.match((await told({ CARDEA_BEFORE: small })).join(), /^this shell went out through corp:3128;/)
  })

  it('asks the hardware module that the environment names', { skip: softHsm.skip }, async () => {
    await using soft = await openSoftHsm()
    const { module, token, pinFile } = soft.newToken()
    const told = async (more: Record<string, string>) => {
      const env = { CARDEA_HSM_MODULE: module, CARDEA_HSM_TOKEN: token, CARDEA_HSM_PIN_FILE: pinFile, ...more }
      const { out } = await run(['doctor', '--json', '--data', '/nowhere/at/all'], { env })
      return (JSON.parse(out) as Line[]).filter(({ about }) => /module|PIN/.test(about))
    }
    const states = (lines: Line[]) => lines.map(({ state }) => state).join()
    const well = await told({})
    assert.equal(states(well), 'ok,ok')
    assert.match(well[0]?.says ?? '', /^it answers: SoftHSM .* with the token "cardea-/)
    assert.match((await told({ CARDEA_HSM_TOKEN: 'other' }))[0]?.says ?? '', /no token with the label "other"/)
    chmodSync(pinFile, 0o640)
    assert.equal(states(await told({})), 'ok,fail')
    assert.equal(states(await told({ CARDEA_HSM_MODULE: pinFile })), 'fail,fail')
  })

  it('says in words that there is no Cardea', async () => {
    const { exit, out } = await run(['doctor', '--data', '/nowhere/at/all'], { env: {} })
    assert.equal(exit, 1)
    assert.match(out, /^fail {2}environment: There is no Cardea in \/nowhere\/at\/all/)
  })
})
