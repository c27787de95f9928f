import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, randomBytes } from 'node:crypto'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { inspect } from 'node:util'
import { needs } from '@cardea/tools/servers/require'
import { findSoftHsm, openSoftHsm, type SoftHsm, type TestToken } from '@cardea/tools/servers/softhsm'
import type { Fault } from '../../fault.ts'
import { type AsymmetricShape, curves, type KeptKey, octSizes, rsaSizes } from '../key.ts'
import { digestFor, keyDoorBehaves, refusal, verifiedByNode } from '../key-door-behaves.ts'
import { SoftwareKeys } from '../software-keys.ts'
import { HsmKeys, type HsmKeysOptions } from './hsm-keys.ts'
import { openHsm } from './open-hsm.ts'
import { wrappedIn } from './wrapped-key.ts'

const softHsm = needs('SoftHSM', findSoftHsm)
const digest = digestFor('ES256')

const everyShape: readonly AsymmetricShape[] = [
  ...rsaSizes.map((bits) => ({ type: 'RSA', bits }) as const),
  ...curves.map((curve) => ({ type: 'EC', curve }) as const),
]
const rsaShape = { type: 'RSA', bits: 2048 } as const
const ecShape = { type: 'EC', curve: 'P-256' } as const

/** What is refused; no PIN is told with it. */
async function refusedBy({ pin }: TestToken, work: Promise<unknown>): Promise<Fault> {
  const fault = await refusal(work)
  assert.ok(!inspect(fault, { depth: 10 }).includes(pin))
  return fault
}

/** The processes that this one has started for modules. */
const children = (): number[] =>
  readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')
    .split(' ')
    .filter((pid) => pid !== '' && commandOf(pid).includes('hsm-process'))
    .map(Number)

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    // It has just ended.
    return ''
  }
}

describe('keys in a hardware module', { skip: softHsm.skip }, () => {
  let soft: SoftHsm
  let token: TestToken
  let keys: HsmKeys
  const software = new SoftwareKeys()
  const opened = (at: TestToken, more: Partial<HsmKeysOptions> = {}): Promise<HsmKeys> =>
    HsmKeys.open({ module: at.module, token: at.token, pin: Buffer.from(at.pin), publicDoor: software, ...more })

  before(async () => {
    soft = await openSoftHsm()
    token = soft.newToken()
    keys = await opened(token)
  })
  after(async () => {
    await keys?.close()
    await software.close()
    await soft?.[Symbol.asyncDispose]()
    assert.deepEqual(children(), [], 'no process stays behind')
  })

  keyDoorBehaves('a hardware module', () => opened(token), {
    shapes: everyShape,
    lacks: ['RSA-OAEP-256'],
  })

  it('say which algorithm the module doesn’t offer, where it doesn’t', async () => {
    const key = await keys.generate(rsaShape)
    const cipher = await keys.encrypt(key, 'RSA-OAEP-256', { value: digest })
    const fault = await refusal(keys.decrypt(key, 'RSA-OAEP-256', cipher))
    assert.equal(fault.code, 'invalid')
    assert.match(
      fault.message,
      /^RSA-OAEP-256, which needs CKM_RSA_PKCS_OAEP, is more than this hardware module offers: C_\w+ answered CKR_/,
    )
    assert.equal((await refusal(keys.sign(key, 'ES256', digest))).code, 'invalid')
  })

  it('are symmetric, too', async () => {
    for (const bits of octSizes) {
      const bytes = randomBytes(bits / 8)
      const kept = await keys.adopt({ kty: 'oct', k: bytes.toString('base64url') })
      const [iv, aad, value] = [randomBytes(16), randomBytes(20), randomBytes(48)]

      const sealed = await keys.encrypt(kept, `A${bits}GCM`, { value, aad })
      const opening = createDecipheriv(`aes-${bits}-gcm` as 'aes-256-gcm', bytes, sealed.iv as Uint8Array)
      opening.setAuthTag(sealed.tag as Uint8Array).setAAD(aad)
      assert.equal(sealed.iv?.length, 12)
      assert.deepEqual(Buffer.concat([opening.update(sealed.value), opening.final()]), value)
      assert.deepEqual(Buffer.from(await keys.decrypt(kept, `A${bits}GCM`, sealed)), value)
      for (const wrong of [{ tag: randomBytes(16) }, { aad: randomBytes(20) }, { iv: randomBytes(12) }])
        assert.equal(
          (await refusal(keys.decrypt(kept, `A${bits}GCM`, { ...sealed, ...wrong }))).particulars.where,
          'value',
        )
      assert.equal((await refusal(keys.decrypt(kept, `A${bits}GCM`, { value }))).particulars.where, 'iv')

      for (const [algorithm, padding] of [
        [`A${bits}CBC`, false],
        [`A${bits}CBCPAD`, true],
      ] as const) {
        const encrypting = createCipheriv(`aes-${bits}-cbc`, bytes, iv).setAutoPadding(padding)
        const theirs = Buffer.concat([encrypting.update(value), encrypting.final()])
        const ours = await keys.encrypt(kept, algorithm, { value, iv })
        assert.deepEqual(Buffer.from(ours.value), theirs, algorithm)
        assert.deepEqual(Buffer.from(await keys.decrypt(kept, algorithm, { value: theirs, iv })), value, algorithm)
        assert.equal((await refusal(keys.encrypt(kept, algorithm, { value }))).particulars.where, 'iv')
      }

      // The initial value of RFC 3394, 2.2.3.1, under which Node knows the wrapping.
      const wrapping = createCipheriv(`id-aes${bits}-wrap`, bytes, Buffer.alloc(8, 0xa6))
      const wrapped = Buffer.concat([wrapping.update(value), wrapping.final()])
      for (const algorithm of [`A${bits}KW`, 'CKM_AES_KEY_WRAP']) {
        assert.deepEqual(Buffer.from((await keys.encrypt(kept, algorithm, { value })).value), wrapped, algorithm)
        assert.deepEqual(Buffer.from(await keys.decrypt(kept, algorithm, { value: wrapped })), value, algorithm)
      }
      const padded = await refusal(keys.encrypt(kept, 'CKM_AES_KEY_WRAP_PAD', { value: value.subarray(0, 13) }))
      assert.match(padded.message, /needs CKM_AES_KEY_WRAP_KWP, which this hardware module doesn't offer/)
      assert.equal(
        (await refusal(keys.decrypt(kept, `A${bits}KW`, { value: randomBytes(32) }))).particulars.where,
        'value',
      )

      for (const algorithm of ['HS256', 'HS384', 'HS512']) {
        const signed = digestFor(algorithm)
        if (bytes.length < signed.length) {
          // SoftHSM wants keys as long as the hash.
          assert.match(
            (await refusal(keys.sign(kept, algorithm, signed))).message,
            /^HS\d+, which needs CKM_SHA\d+_HMAC, is more than this/,
          )
          continue
        }
        const mac = await keys.sign(kept, algorithm, signed)
        const theirs = createHmac(algorithm.replace('HS', 'sha'), createSecretKey(bytes)).update(signed).digest()
        assert.deepEqual(Buffer.from(mac), theirs, algorithm)
        assert.equal(await keys.verify(kept, algorithm, signed, theirs), true)
        assert.equal(await keys.verify(kept, algorithm, signed, randomBytes(theirs.length)), false)
        assert.equal(await keys.verify(kept, algorithm, signed, theirs.subarray(1)), false)
      }
    }
    const shape = { type: 'oct', bits: 256 } as const
    const made = await keys.generate(shape)
    assert.deepEqual([made.shape, made.publicPart], [shape, { kty: 'oct' }])
    const sealed = await keys.encrypt(made, 'A256GCM', { value: Buffer.alloc(0) })
    assert.equal((await keys.decrypt(made, 'A256GCM', sealed)).length, 0)
  })

  it('that one server made are used by another on the same token', async () => {
    const other = await opened(token)
    try {
      const key = await keys.generate(ecShape)
      assert.ok(verifiedByNode(key, 'ES256', await other.sign(key, 'ES256', digest)))
    } finally {
      await other.close()
    }
  })

  it('of two servers that start at once on an empty token can be used by both', async () => {
    const empty = soft.newToken()
    const [one, two] = await Promise.all([opened(empty), opened(empty)])
    const three = await opened(empty)
    try {
      const made = await Promise.all([one, two, three].map((server) => server.generate(ecShape)))
      for (const server of [one, two, three])
        for (const key of made) assert.ok(verifiedByNode(key, 'ES256', await server.sign(key, 'ES256', digest)))
      const names = made.map(({ secret }) => Buffer.from(wrappedIn(secret).wrappingKeyId).toString('hex'))
      assert.equal(names[2], names.toSorted()[0], 'and who comes later wraps with the one whose name is lowest')
    } finally {
      await Promise.all([one.close(), two.close(), three.close()])
    }
  })

  it('of another token, or damaged, can’t be used, and it is said why', async () => {
    const key = await keys.generate(ecShape)
    const elsewhere = await opened(soft.newToken())
    try {
      const fault = await refusal(elsewhere.sign(key, 'ES256', digest))
      assert.equal(fault.code, 'unavailable')
      const name = Buffer.from(wrappedIn(key.secret).wrappingKeyId).toString('hex')
      assert.match(fault.message, new RegExp(`doesn't have the wrapping key ${name}.*Restore the token`))
    } finally {
      await elsewhere.close()
    }
    const secret = Buffer.from(key.secret)
    secret[secret.length - 1] = (secret.at(-1) ?? 0) ^ 1
    assert.match((await refusal(keys.sign({ ...key, secret }, 'ES256', digest))).message, /can't unwrap this key/)
    for (const foreign of [Buffer.alloc(0), Buffer.of(1), Buffer.of(1, 0, 16), randomBytes(200)])
      assert.ok(
        ['internal', 'unavailable'].includes(
          (await refusal(keys.sign({ ...key, secret: foreign }, 'ES256', digest))).code,
        ),
      )
  })

  it('are many, used by many at once', async () => {
    const few = await opened(token, { heldMax: 3 })
    try {
      const made = await Promise.all(Array.from({ length: 12 }, () => few.generate(ecShape)))
      const work = Array.from({ length: 240 }, async (_, at) => {
        const key = made[at % made.length] as KeptKey
        return verifiedByNode(key, 'ES256', await few.sign(key, 'ES256', digest))
      })
      assert.ok((await Promise.all(work)).every(Boolean))
    } finally {
      await few.close()
    }
  })

  it('are asked for by no more than can wait', async () => {
    const narrow = await opened(token, { lanes: 1, waitingMax: 4 })
    try {
      const key = await narrow.generate(ecShape)
      const settled = await Promise.allSettled(Array.from({ length: 20 }, () => narrow.sign(key, 'ES256', digest)))
      const faults = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as Fault] : []))
      assert.deepEqual(
        [settled.length - faults.length, new Set(faults.map(({ code }) => code))],
        [5, new Set(['throttled'])],
      )
      assert.ok(Number(faults[0]?.particulars.retryMs) > 0)
    } finally {
      await narrow.close()
    }
  })

  it('are used while others are made, which takes long', async () => {
    const key = await keys.generate(ecShape)
    let made = false
    const making = Promise.all(Array.from({ length: 4 }, () => keys.generate({ type: 'RSA', bits: 4096 }))).then(() => {
      made = true
    })
    for (let at = 0; at < 20; at++) await keys.sign(key, 'ES256', digest)
    assert.equal(made, false)
    await making
  })

  it('are there again after the module has crashed, or hung', async () => {
    const others = children()
    const mine = await opened(token, { lanes: 1, patience: { useMs: 2000 } })
    try {
      const key = await mine.generate(ecShape)
      for (const [signal, says] of [
        ['SIGKILL', /cut off/],
        ['SIGSTOP', /didn’t answer in time/],
      ] as const) {
        for (const pid of children().filter((pid) => !others.includes(pid))) process.kill(pid, signal)
        const fault = await refusal(mine.sign(key, 'ES256', digest))
        assert.equal(fault.code, 'unavailable')
        assert.match(fault.message, says)
        assert.ok(verifiedByNode(key, 'ES256', await mine.sign(key, 'ES256', digest)), `after ${signal}`)
      }
    } finally {
      await mine.close()
    }
    assert.deepEqual(children(), others)
    assert.equal((await refusal(mine.generate(ecShape))).code, 'unavailable')
  })

  it('are out of reach once the token refuses the PIN, which isn’t tried again', async () => {
    const others = children()
    const changing = soft.newToken()
    const server = await opened(changing)
    try {
      const key = await server.generate(ecShape)
      const { token: label, soPin } = changing
      const words = ['--init-token', '--token', label, '--label', label, '--pin', '11112222', '--so-pin', soPin]
      assert.equal(spawnSync('softhsm2-util', words).status, 0)
      for (const pid of children().filter((pid) => !others.includes(pid))) process.kill(pid, 'SIGKILL')
      await wait(100)
      const faults: Fault[] = []
      for (let at = 0; at < 4; at++) faults.push(await refusedBy(changing, server.sign(key, 'ES256', digest)))
      assert.match(faults[0]?.message ?? '', /refuses the PIN in CARDEA_HSM_PIN_FILE. It isn't tried again/)
      assert.equal(new Set(faults).size, 1, 'it is the same refusal, and no other')
      assert.deepEqual(children(), others)
    } finally {
      await server.close()
    }
  })

  describe('keep a server from starting, in words,', () => {
    const hsm = ({ module, token, pinFile }: TestToken) => ({ module, token, pinFile })
    const told = async (at: TestToken) => (await refusedBy(at, openHsm(hsm(at), software))).message

    it('where there is no such module', async () => {
      assert.match(
        await told({ ...token, module: '/nowhere/module.so' }),
        /^The hardware module can't be used. .*\/nowhere\/module.so can't be loaded: ENOENT/,
      )
      assert.match(await told({ ...token, module: token.pinFile }), /can't be loaded: .*ELF|file too short/)
      assert.match(
        await told({ ...token, module: '/lib/x86_64-linux-gnu/libc.so.6' }),
        /can't be loaded: .*C_GetFunctionList/,
      )
    })

    it('where the package that calls modules isn’t there', async () => {
      const hiding = `import { registerHooks } from 'node:module'
        registerHooks({ resolve(name, context, next) { if (name === 'koffi') throw new Error('hidden'); return next(name, context) } })`
      process.env.NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(hiding)}`
      try {
        assert.match(await told(token), /needs the package "koffi", which isn’t installed .* Run "npm ci"/)
      } finally {
        delete process.env.NODE_OPTIONS
      }
    })

    it('where the module has no such token', async () => {
      assert.match(
        await told({ ...token, token: 'elsewhere' }),
        new RegExp(`no token with the label "elsewhere". It shows: .*"${token.token}"`),
      )
    })

    it('where the PIN is wrong, which is tried once', async () => {
      const wrong = { ...token, pin: '0000', pinFile: join(soft.folder, 'wrong.pin') }
      writeFileSync(wrong.pinFile, '0000', { mode: 0o600 })
      assert.match(await told(wrong), /refuses the PIN in CARDEA_HSM_PIN_FILE/)
    })

    it('where the file of the PIN is missing, empty, or open to others', async () => {
      assert.match(
        await told({ ...token, pinFile: '/nowhere/pin' }),
        /CARDEA_HSM_PIN_FILE names a file that isn't there: \/nowhere\/pin/,
      )
      const file = join(soft.folder, 'open.pin')
      writeFileSync(file, '\n', { mode: 0o600 })
      assert.match(await told({ ...token, pinFile: file }), /holds no PIN/)
      writeFileSync(file, `${token.pin}\n`)
      chmodSync(file, 0o644)
      assert.match(await told({ ...token, pinFile: file }), /can be read by others. Run: chmod 600/)
    })

    it('and not where all is right', async () => {
      const door = await openHsm(hsm(token), software)
      assert.equal((await door.generate(ecShape)).shape.type, 'EC')
      await door.close()
    })
  })
})
