import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { Client } from 'pg'
import { findPostgres, startPostgres } from './postgres.ts'
import { needs } from './require.ts'

const { skip } = needs('PostgreSQL', findPostgres)

describe('a throw-away PostgreSQL', { skip }, () => {
  it('takes its passwords seriously, keeps its data safe on disk and shows its log', async () => {
    await using postgres = await startPostgres({ database: 'shop "2"', logStatements: true })
    assert.deepEqual(await ask(postgres.url(), 'select current_database() as name'), [{ name: 'shop "2"' }])
    assert.deepEqual(await ask(postgres.url(), 'show fsync'), [{ fsync: 'on' }])
    assert.match(postgres.log(), /statement: show fsync/)
    await assert.rejects(ask(postgres.url('postgres', 'guess'), 'select 1'), { code: '28P01' })
  })

  it('keeps committed rows through a crash and through a restart', async () => {
    await using postgres = await startPostgres()
    await ask(postgres.url(), 'create table kept as select 1 as one')
    const [pid, { port }] = [postgres.pid(), postgres]

    await postgres.kill()
    await assert.rejects(ask(postgres.url(), 'select 1'), { code: 'ECONNREFUSED' })
    await postgres.restart()
    assert.notEqual(postgres.pid(), pid)
    assert.equal(postgres.port, port)
    assert.match(postgres.log(), /not properly shut down/)
    assert.deepEqual(await ask(postgres.url(), 'select one from kept'), [{ one: 1 }])

    await postgres.restart()
    assert.deepEqual(await ask(postgres.url(), 'select one from kept'), [{ one: 1 }])
  })

  it('leaves neither a process nor a folder behind', async () => {
    const postgres = await startPostgres()
    await postgres[Symbol.asyncDispose]()
    assert.equal(isThere(postgres.pid()), false)
    assert.equal(existsSync(postgres.folder), false)
  })

  for (const end of ['forgets it', 'is killed']) {
    it(`goes when the process that started it ${end}`, async () => {
      const module = new URL('./postgres.ts', import.meta.url)
      const program = `
        const { startPostgres } = await import(${JSON.stringify(module)})
        const { pid, folder } = await startPostgres()
        console.log(JSON.stringify({ pid: pid(), folder }))
        ${end === 'is killed' ? 'setInterval(() => {}, 1000)' : ''}`
      const owner = spawn(process.execPath, ['--input-type=module', '--eval', program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const ended = once(owner, 'exit')
      const [line] = await once(owner.stdout, 'data')
      const { pid, folder } = JSON.parse(String(line))
      if (end === 'is killed') owner.kill('SIGKILL')
      await ended
      for (let turn = 0; turn < 200 && (isThere(pid) || existsSync(folder)); turn++) await wait(50)
      assert.equal(isThere(pid), false)
      assert.equal(existsSync(folder), false)
    })
  }
})

describe('a server that tests need', () => {
  it('is skipped by name where it is missing, but never where CI runs', (context) => {
    const { CI } = process.env
    context.after(() => {
      delete process.env.CI
      if (CI !== undefined) process.env.CI = CI
    })
    delete process.env.CI
    assert.equal(needs('Oracle', () => undefined).skip, "Oracle isn't installed")
    assert.equal(needs('Oracle', () => ({ bin: '/opt' })).skip, false)
    process.env.CI = 'true'
    assert.throws(() => needs('Oracle', () => undefined), /Oracle isn't installed/)
  })
})

async function ask(url: string, statement: string): Promise<unknown[]> {
  const client = new Client(url)
  await client.connect()
  try {
    return (await client.query(statement)).rows
  } finally {
    await client.end()
  }
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
