import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, beforeEach, describe, it } from 'node:test'
import { promisify } from 'node:util'
import type { FarSide } from '@cardea/contract/rotation/provider'
import { needs } from '@cardea/tools/servers/require'
import { findSshd, startSshd, type TestSshd } from '@cardea/tools/servers/sshd'
import { startForgetful, startImpostor } from '../testing/between.ts'
import { farSideOf, proposedBy, settingOf } from '../testing/far-side.ts'
import { providerBehaves } from '../testing/provider-behaves.ts'
import { withKey, withoutKey } from './authorized-keys.ts'
import { keyIn, keyOf, newKey } from './openssh-key.ts'
import { type SshKey, sshKey } from './ssh-key.ts'

const { skip } = needs('OpenSSH’s server', findSshd)
const execute = promisify(execFile)
let sshd: TestSshd
if (skip === false) {
  sshd = await startSshd()
  after(() => sshd[Symbol.asyncDispose]())
}

const admin = newKey()
const lineOf = ({ blob }: { readonly blob: string }, comment: string) => `ssh-ed25519 ${blob} ${comment}\n`
const foreign = [
  '# who may come in\r\n',
  '\n',
  `from="10.0.0.0/8",command="echo \\"ssh-ed25519 x\\"" ${lineOf(newKey(), 'somebody else’s, with a ü')}`,
  lineOf(newKey(), 'an old one').replace('\n', '\r\n'),
  'ssh-rsa not-even-a-key\n',
].join('')

/** A far side whose user has the administrator's key and one more, between lines of others. */
async function place(more: Partial<SshKey> = {}, text = foreign): Promise<FarSide<SshKey>> {
  const { host, port, hostKey, user } = sshd
  await put(`${text}${lineOf(admin, 'admin')}`)
  return farSideOf(sshKey.binding.read({ host, port, hostKeys: [hostKey], user, admin: 'admin', ...more }, 'binding'), {
    admin: administrator(),
  })
}
const administrator = (more: object = {}) =>
  JSON.stringify({ hosts: [`127.0.0.1:${sshd.port}`], user: sshd.user, privateKey: admin.file, ...more })
async function put(text: string): Promise<void> {
  await rm(sshd.keys, { force: true })
  await writeFile(sshd.keys, text, { mode: 0o600 })
  sshd.own(sshd.keys)
}
const kept = () => readFile(sshd.keys, 'utf8')
const proposed = (far: FarSide<SshKey>) => proposedBy(sshKey, far)
const beside = async () => (await readdir(dirname(sshd.keys))).filter((name) => name !== 'authorized_keys')

providerBehaves(
  sshKey,
  async () => {
    const far = await place()
    return settingOf(
      far,
      {
        state: kept,
        async administrators() {
          const least = newKey()
          const line = `restrict,command="internal-sftp" ${lineOf(least, 'least')}`
          await put(`${await kept()}${line}`)
          return {
            least: { admin: administrator({ privateKey: least.file }) },
            powerless: { admin: administrator({ privateKey: newKey().file }) },
          }
        },
      },
      (port) => administrator({ hosts: [`127.0.0.1:${port}`] }),
    )
  },
  { skip },
)

describe('a key of OpenSSH', () => {
  it('is read by OpenSSH itself, which finds the same public half', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cardea-key-'))
    try {
      for (const key of [newKey(), newKey(), newKey()]) {
        await writeFile(join(folder, 'key'), key.file, { mode: 0o600 })
        const { stdout } = await execute('ssh-keygen', ['-y', '-f', join(folder, 'key')])
        assert.equal(stdout.trim().split(' ')[1], key.blob)
        assert.equal(keyIn(key.file)?.blob, key.blob)
        await rm(join(folder, 'key'))
      }
      await execute('ssh-keygen', [
        '-q',
        '-t',
        'ed25519',
        '-N',
        '',
        '-C',
        'with a comment',
        '-f',
        join(folder, 'theirs'),
      ])
      const theirs = await readFile(join(folder, 'theirs'), 'utf8')
      const line = await readFile(join(folder, 'theirs.pub'), 'utf8')
      assert.equal(keyIn(theirs)?.blob, line.split(' ')[1])
      await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'passphrase', '-f', join(folder, 'locked')])
      await execute('ssh-keygen', ['-q', '-t', 'ecdsa', '-N', '', '-f', join(folder, 'other')])
      for (const name of ['locked', 'other']) assert.equal(keyIn(await readFile(join(folder, name), 'utf8')), undefined)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('is the same from the same bytes, and another from others', () => {
    const seed = randomBytes(32)
    assert.deepEqual(keyOf(seed, seed.subarray(0, 4)), keyOf(seed, seed.subarray(0, 4)))
    assert.notEqual(keyOf(seed).blob, newKey().blob)
  })

  it('isn’t known where it says another public half than its own, or is torn', () => {
    const [one, other] = [newKey(), newKey()]
    const bodyOf = (file: string) => Buffer.from(file.replace(/-----.*-----|\n/g, ''), 'base64')
    const fileOf = (body: Buffer) =>
      `-----BEGIN OPENSSH PRIVATE KEY-----\n${body.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`
    const body = bodyOf(one.file)
    assert.equal(keyIn(fileOf(body))?.blob, one.blob)
    const [own, theirs] = [one, other].map(({ blob }) => Buffer.from(blob, 'base64')) as [Buffer, Buffer]
    const forged = Buffer.from(body)
    for (let at = forged.indexOf(own); at >= 0; at = forged.indexOf(own)) theirs.copy(forged, at)
    assert.equal(keyIn(fileOf(forged)), undefined)
    for (let length = 0; length < body.length - 8; length += 5)
      assert.equal(keyIn(fileOf(body.subarray(0, length))), undefined, String(length))
    for (const wrong of ['', 'x', '-----BEGIN OPENSSH PRIVATE KEY-----', fileOf(randomBytes(200))])
      assert.equal(keyIn(wrong), undefined)
  })
})

describe('the lines of authorized_keys', () => {
  const { blob } = newKey()
  const line = `ssh-ed25519 ${blob} cardea 1`

  it('get one more, whatever they end with, and lose it again as they were', () => {
    for (const text of ['', foreign, foreign.trimEnd(), '# nothing', '\r\n', 'ssh-rsa AAAA no end of line'])
      assert.equal(withoutKey(withKey(text, blob, line), blob), text === '' || text.endsWith('\n') ? text : `${text}\n`)
  })

  it('get none that is there, with other options or another comment', () => {
    for (const there of [line, `ssh-ed25519\t${blob}`, `restrict,command="a b" ssh-ed25519 ${blob} x`, `  ${line}\r`]) {
      assert.equal(withKey(`${foreign}${there}\n`, blob, line), `${foreign}${there}\n`)
      assert.equal(withoutKey(`${foreign}${there}\n`, blob), foreign)
    }
  })

  it('stay where they only speak of the key', () => {
    for (const other of [`# ${line}\n`, `command="ssh-ed25519 ${blob} x" ssh-rsa AAAA y\n`, `ssh-rsa AAAA ${blob}\n`])
      assert.equal(withoutKey(other, blob), other)
  })
})

describe('an SSH key of a user', { skip }, () => {
  beforeEach(async () => {
    await chmod(dirname(sshd.keys), 0o700)
  })

  it('comes beside the others, logs in, and goes; what is somebody else’s stays byte for byte', async () => {
    const far = await place()
    const before = await kept()
    const [one, other] = [proposed(far), proposed(far)]
    await sshKey.apply(one, far)
    await sshKey.apply(other, far)
    assert.ok((await kept()).startsWith(before))
    assert.match(await kept(), new RegExp(`\nssh-ed25519 [A-Za-z0-9+/=]+ cardea ${far.rotationId}\n`))
    for (const credential of [one, other]) assert.equal(await sshKey.probe(credential, far), 'valid')
    await sshKey.retire(one, far)
    assert.equal(await sshKey.probe(one, far), 'invalid')
    assert.equal(await sshKey.probe(other, far), 'valid')
    await sshKey.retire(other, far)
    assert.equal(await kept(), before)
    assert.deepEqual(await beside(), [])
  })

  it('keeps the mode of the file, and a link a link', async () => {
    const far = await place()
    await chmod(sshd.keys, 0o640)
    await sshKey.apply(proposed(far), far)
    assert.equal((await stat(sshd.keys)).mode & 0o777, 0o640)

    const link = join(sshd.home, 'linked')
    await symlink(sshd.keys, link)
    const linked = { ...far, binding: { ...far.binding, file: 'linked' } }
    const credential = proposed(far)
    await sshKey.apply(credential, linked)
    assert.equal(await sshKey.probe(credential, far), 'valid')
    assert.ok((await readFile(link, 'utf8')).includes('cardea'))
    await unlink(link)
  })

  it('has a file made for it where there is none yet, for its user only', async () => {
    const far = await place({ file: join(sshd.home, '.ssh', 'more_keys') })
    await sshKey.apply(proposed(far), far)
    const made = join(sshd.home, '.ssh', 'more_keys')
    assert.equal((await stat(made)).mode & 0o777, 0o600)
    assert.match(await readFile(made, 'utf8'), /^ssh-ed25519 \S+ cardea \S+\n$/)
    await rm(made)
    const nowhere = { ...far, binding: { ...far.binding, file: 'no/such/folder/keys' } }
    await assert.rejects(sshKey.apply(proposed(far), nowhere), /doesn't let us find .*No such file/)
    const folder = { ...far, binding: { ...far.binding, file: '.ssh' } }
    await assert.rejects(sshKey.apply(proposed(far), folder), /is no file/)
  })

  it('bears the options that the binding gives it', async () => {
    const options = 'restrict,command="internal-sftp"'
    const far = await place({ options })
    const credential = proposed(far)
    await sshKey.apply(credential, far)
    assert.ok((await kept()).includes(`\n${options} ssh-ed25519 `))
    assert.equal(await sshKey.probe(credential, far), 'valid')
  })

  it('sweeps what a torn-off attempt of the same rotation has left, and nobody else’s', async () => {
    const far = await place()
    const folder = dirname(sshd.keys)
    const names = [far.rotationId, randomUUID()].map((id) => `.authorized_keys.cardea-${id}-0123`)
    for (const name of names) await writeFile(join(folder, name), 'half').then(() => sshd.own(join(folder, name)))
    await sshKey.apply(proposed(far), far)
    assert.deepEqual(await beside(), [names[1]])
    await rm(join(folder, String(names[1])))
  })

  it('is told to nobody but a host with a pinned key', async () => {
    const far = await place()
    const other = `ssh-ed25519 ${newKey().blob}`
    const credential = proposed(far)
    await sshKey.apply(credential, far)
    const elsewhere = { ...far, binding: { ...far.binding, hostKeys: [other] } }
    await assert.rejects(sshKey.apply(proposed(far), elsewhere), /shows another host key/)
    assert.equal(await sshKey.probe(credential, elsewhere), 'unknown')
    const both = { ...far, binding: { ...far.binding, hostKeys: [other, ...far.binding.hostKeys] } }
    assert.equal(await sshKey.probe(credential, both), 'valid')
    const rsa = { ...far, binding: { ...far.binding, hostKeys: ['ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQ=='] } }
    await assert.rejects(sshKey.apply(proposed(far), rsa), /host key/)
  })

  it('is changed only with a key of the same user that is meant for that host', async () => {
    const far = await place()
    const stranger = newKey()
    for (const [secret, said] of [
      [administrator({ privateKey: stranger.file }), /doesn't let .* in with this key/],
      [administrator({ hosts: ['evil.example', `127.0.0.1:${sshd.port + 1}`] }), /is for other hosts/],
      [administrator({ hosts: [] }), /is for other hosts/],
      [administrator({ user: 'root' }), /is a key of another user/],
      [administrator({ privateKey: 'hunter2' }), /must be JSON with hosts/],
      [admin.file, /must be JSON with hosts/],
      ['', /must be JSON with hosts/],
    ] as const) {
      await assert.rejects(sshKey.apply(proposed(far), { ...far, secrets: { admin: secret } }), said)
    }
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = privateKey.export({ type: 'pkcs1', format: 'pem' })
    // Understood, and refused by the host.
    await assert.rejects(
      sshKey.apply(proposed(far), { ...far, secrets: { admin: administrator({ privateKey: pem }) } }),
      /doesn't let .* in with this key/,
    )
  })

  it('never takes the administrator’s own key away', async () => {
    const far = await place()
    await assert.rejects(sshKey.retire({ value: admin.file, slot: undefined }, far), /administrator’s own key/)
    assert.equal(await sshKey.probe({ value: admin.file, slot: undefined }, far), 'valid')
  })

  it('leaves a file alone that can’t be read or replaced, and is no list of keys', async () => {
    const far = await place()
    const before = await kept()
    await chmod(dirname(sshd.keys), 0o500)
    await assert.rejects(sshKey.apply(proposed(far), far), /doesn't let us write .*Permission denied/)
    await chmod(dirname(sshd.keys), 0o700)
    assert.equal(await kept(), before)
    const large = await place({}, `#${'x'.repeat(1024 * 1024)}\n`)
    await assert.rejects(sshKey.apply(proposed(large), large), /which no list of keys has/)
    assert.deepEqual(await beside(), [])
  })

  it('is in the file as a whole or not at all when the line is cut anywhere', async () => {
    const far = await place()
    await using between = await startForgetful(sshd.port)
    const through = {
      ...far,
      binding: { ...far.binding, port: between.port },
      secrets: { admin: administrator({ hosts: [`127.0.0.1:${between.port}`] }) },
    }
    const credential = proposed(far)
    const before = await kept()
    for (let packets = 1; packets < 40; packets += 3) {
      between.cutAfter(packets)
      await sshKey.apply(credential, through).catch(() => {})
      const now = await kept()
      assert.ok(now === before || now.startsWith(before), `cut after ${packets}`)
      if (now !== before) assert.match(now.slice(before.length), /^ssh-ed25519 \S+ cardea \S+\n$/)
    }
    between.cutAfter(undefined)
    await sshKey.apply(credential, through)
    assert.equal((await kept()).split(`cardea ${far.rotationId}`).length, 2, 'one line, however often it was sent')
    assert.deepEqual(await beside(), [])
  })

  it('says nothing to a host that hangs, for no longer than it may', async () => {
    const far = await place()
    await using between = await startImpostor('says nothing')
    const hung = {
      ...far,
      binding: { ...far.binding, port: between.port },
      secrets: { admin: administrator({ hosts: [`127.0.0.1:${between.port}`] }) },
      signal: AbortSignal.timeout(300),
    }
    const since = performance.now()
    await assert.rejects(sshKey.apply(proposed(far), hung), { name: 'TimeoutError' })
    assert.ok(performance.now() - since < 2_000)
  })

  it('refuses a binding it could not keep', async () => {
    const { binding } = await place()
    for (const wrong of [
      { hostKeys: [] },
      { hostKeys: undefined },
      { hostKeys: ['SHA256:AAAA'] },
      { hostKeys: ['host ssh-ed25519 AAAA'] },
      { hostKeys: ['ssh-ed25519 AAAA'] },
      { user: '-oProxyCommand=x' },
      { user: 'a b' },
      { user: '' },
      { file: 'a\nb' },
      { options: 'command="x' },
      { options: 'restrict ssh-ed25519 AAAA' },
      { options: 'restrict\nssh-ed25519 AAAA' },
      { options: '# restrict' },
      { options: '#' },
      { options: 'ssh-ed25519' },
      { options: '' },
    ]) {
      assert.throws(() => sshKey.binding.read({ ...binding, ...wrong }, 'binding'), { name: 'ShapeError' })
    }
    assert.equal(existsSync(sshd.keys), true)
  })
})
