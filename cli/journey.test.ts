import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'

const cardea = join(import.meta.dirname, 'cardea.js')
type Ready = { port: number; proxyPort: number; data: string; vault: string; store: string; pid: number }
type Ran = { code: number | null; out: string; err: string }

/** The real command in a process of its own, in a shell that knows nothing of any Cardea. */
function begin(words: readonly string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [cardea, ...words], { env: { PATH: process.env.PATH ?? '', ...env } })
}

async function run(words: readonly string[], { stdin = '', env = {} as Record<string, string> } = {}): Promise<Ran> {
  const child = begin(words, env)
  let [out, err] = ['', '']
  child.stdout?.on('data', (part) => (out += part))
  child.stderr?.on('data', (part) => (err += part))
  child.stdin?.end(stdin)
  const [code] = await once(child, 'close')
  return { code, out, err }
}

async function started(words: readonly string[]): Promise<{ child: ChildProcess; ready: Ready }> {
  const proxy = words.includes('--proxy-port') ? [] : ['--proxy-port', '0']
  const child = begin(['start', '--json', '--port', '0', ...proxy, ...words])
  let [out, err] = ['', '']
  child.stderr?.on('data', (part) => (err += part))
  for await (const part of child.stdout ?? []) {
    out += part
    if (out.includes('\n')) break
  }
  assert.match(out, /^\{"ready":true,.*\}\n$/, err)
  child.stdout?.resume()
  return { child, ready: JSON.parse(out) }
}

async function stopped(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const ended = once(child, 'exit')
  child.kill(signal)
  return (await ended)[0]
}

describe('a developer’s first minutes', () => {
  const data = mkdtempSync(join(tmpdir(), 'cardea-journey-'))
  const here = ['--data', data]
  let server: Awaited<ReturnType<typeof started>>
  before(async () => {
    server = await started(here)
  })
  after(async () => {
    if (server.child.exitCode === null) await stopped(server.child, 'SIGKILL')
    rmSync(data, { recursive: true, force: true })
  })

  it('start says where everything is', () => {
    const { ready, child } = server
    assert.deepEqual(
      { ...ready, port: 0, proxyPort: 0 },
      {
        ready: true,
        port: 0,
        proxyPort: 0,
        data,
        vault: 'https://demo.vault.cardea.internal',
        store: 'https://demo.config.cardea.internal',
        pid: child.pid,
      },
    )
  })

  it('a secret is set, shown and listed without any export', async () => {
    const set = await run(['secret', 'set', 'db', ...here], { stdin: 'hunter2\n' })
    assert.deepEqual([set.code, set.err], [0, ''])
    assert.match(set.out, /^db is now version [0-9a-f]{32}\n$/)
    assert.deepEqual(await run(['secret', 'show', 'db', ...here]), { code: 0, out: 'hunter2', err: '' })
    assert.match((await run(['secret', 'list', ...here])).out, /^SECRET .*\ndb +enabled +/)
  })

  it('and the same by what env prints, from any folder', async () => {
    const { code, out } = await run(['env', '--json', ...here])
    assert.equal(code, 0)
    const env = JSON.parse(out) as Record<string, string>
    for (const name of [
      'AZURE_CLIENT_SECRET',
      'AZURE_KEYVAULT_URL',
      'AZURE_APPCONFIG_CONNECTION_STRING',
      'HTTPS_PROXY',
    ]) {
      assert.ok(env[name], name)
    }
    assert.equal((await run(['secret', 'show', 'db'], { env })).out, 'hunter2')
    const lines = (await run(['env', ...here])).out.trimEnd().split('\n')
    assert.equal(lines.length, Object.keys(env).length)
    for (const line of lines) assert.match(line, /^export [A-Z_]+='.*'$/)
  })

  it('a file of certificates that a full disk cut off is named, and not trusted for whole', async () => {
    const env = { NODE_EXTRA_CA_CERTS: join(data, 'tls', 'server.pem') }
    const { out } = await run(['env', '--json', ...here], { env })
    const file = (JSON.parse(out) as Record<string, string>).NODE_EXTRA_CA_CERTS as string
    assert.notEqual(file, env.NODE_EXTRA_CA_CERTS)
    const whole = readFileSync(file)
    truncateSync(file, whole.length >> 1)
    const cut = await run(['env', '--json', ...here], { env })
    assert.deepEqual([cut.code, cut.out], [1, ''])
    assert.match(cut.err, /isn’t whole/)
    assert.match(cut.err, /remove the file/)
    rmSync(file)
    assert.equal((await run(['env', '--json', ...here], { env })).out, out)
    assert.deepEqual(readFileSync(file), whole)
  })

  it('what the shell reaches without a proxy stays so, beside the machine itself, and is left when env is taken back', async () => {
    const inShell = { NO_PROXY: 'corp.example, 10.0.0.0/8' }
    const { out } = await run(['env', '--json', ...here], { env: inShell })
    assert.equal(JSON.parse(out).NO_PROXY, 'corp.example,10.0.0.0/8,127.0.0.1,localhost')
    const env = { NO_PROXY: 'corp.example,127.0.0.1,localhost' }
    const back = (await run(['env', '--unset', ...here], { env })).out.split('\n')
    assert.ok(back.includes("export NO_PROXY='corp.example'"))
    assert.ok((await run(['env', '--unset', ...here])).out.split('\n').includes('unset NO_PROXY'))
    const { NO_PROXY, CARDEA_TENANT_ID } = JSON.parse((await run(['env', '--unset', '--json', ...here], { env })).out)
    assert.deepEqual([NO_PROXY, CARDEA_TENANT_ID], ['corp.example', null])
  })

  it('a setting points at the secret', async () => {
    assert.equal((await run(['setting', 'set', 'Shop:Greeting', 'Hello', ...here])).code, 0)
    assert.equal((await run(['setting', 'set', 'Shop:Database', '--reference', 'db', ...here])).code, 0)
    assert.equal((await run(['setting', 'show', 'Shop:Greeting', ...here])).out, 'Hello')
    assert.match((await run(['setting', 'list', ...here])).out, /Shop:Database +→ https:.*\/secrets\/db/)
  })

  it('who may do what is explained, by the names of a vault and a secret', async () => {
    const printed = (await run(['env', ...here])).out
    const appId = /AZURE_CLIENT_ID='?([0-9a-f-]{36})/.exec(printed)?.[1] as string
    const { code, out, err } = await run(['access', 'explain', appId, 'secrets/get', 'demo/first', ...here])
    assert.equal(code, 0, err)
    assert.match(
      out,
      /^developer may Microsoft\.KeyVault\/vaults\/secrets\/getSecret\/action\n {2}on \/subscriptions\/.*\/first\n/,
    )
    assert.match(out, /✓ Key Vault Administrator: allows it/)
    assert.match(out, /· Owner: doesn't have this action/)
    const preview = await run(['access', 'convert', '--vault', 'demo', ...here])
    assert.equal(preview.code, 0, preview.err)
    assert.match(preview.out, /goes by roles already/)
  })

  it('a folder is served once, and a port too', async () => {
    const again = await run(['start', '--json', '--port', '0', '--proxy-port', '0', ...here])
    assert.equal(again.code, 1)
    assert.match(again.err, /already serves/)
    const taken = await run(['start', '--temporary', '--proxy-port', '0', '--port', String(server.ready.port)])
    assert.equal(taken.code, 1)
    assert.match(taken.err, /is in use[\s\S]*--port/)
    assert.doesNotMatch(taken.err, /\n +at /)
  })

  it('a start that comes to nothing for a port founds nothing', async () => {
    for (const ports of [
      ['--proxy-port', '0', '--port', String(server.ready.port)],
      ['--port', '0', '--proxy-port', String(server.ready.proxyPort)],
    ]) {
      const nowhere = join(data, 'nowhere')
      const taken = await run(['start', '--data', nowhere, ...ports])
      assert.equal(taken.code, 1)
      assert.match(taken.err, /is in use/)
      assert.ok(!existsSync(nowhere))
    }
  })

  it('Ctrl-C ends it well, and says so to those who ask', async () => {
    assert.equal(await stopped(server.child, 'SIGINT'), 0)
    const { code, err } = await run(['env', ...here])
    assert.equal(code, 1)
    assert.match(err, /isn't running[\s\S]*cardea start --data/)
    assert.match((await run(['secret', 'list', ...here])).err, /isn't running[\s\S]*cardea start --data/)
  })

  it('a second start has all that was kept', async () => {
    server = await started(here)
    assert.equal((await run(['secret', 'show', 'db', ...here])).out, 'hunter2')
    assert.equal(await stopped(server.child, 'SIGTERM'), 0)
  })
})

it('a server without a proxy is reached all the same', async () => {
  const data = mkdtempSync(join(tmpdir(), 'cardea-journey-'))
  const { child, ready } = await started(['--data', data, '--proxy-port', 'off'])
  try {
    assert.equal(ready.proxyPort, null)
    assert.equal((await run(['secret', 'set', 'a', '--data', data], { stdin: 'x' })).code, 0)
    assert.equal((await run(['secret', 'show', 'a', '--data', data])).out, 'x')
  } finally {
    await stopped(child, 'SIGINT')
    rmSync(data, { recursive: true, force: true })
  }
})

it('a temporary one leaves nothing, however it ends', async () => {
  for (const signal of ['SIGINT', 'SIGHUP'] as const) {
    const { child, ready } = await started(['--temporary'])
    assert.ok(existsSync(ready.data))
    assert.equal(await stopped(child, signal), 0)
    assert.ok(!existsSync(ready.data))
  }
})
