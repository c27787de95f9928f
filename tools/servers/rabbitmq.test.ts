import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { findRabbitmq, startRabbitmq } from './rabbitmq.ts'
import { needs } from './require.ts'

const { skip } = needs('RabbitMQ', findRabbitmq)

it('a throw-away RabbitMQ is gone once it is killed, begins again with what it kept, and leaves nobody behind', {
  skip,
}, async () => {
  await using rabbitmq = await startRabbitmq()
  const names = namesPortOf(rabbitmq.folder)
  assert.equal(await listens(names), true)
  await rabbitmq.ask('PUT', 'users/kept', { password: 'x', tags: '' })

  await rabbitmq.kill()
  assert.equal(await listens(rabbitmq.port), false)
  await rabbitmq.restart()
  assert.equal((await rabbitmq.ask('GET', 'users/kept')).status, 200)

  await rabbitmq[Symbol.asyncDispose]()
  assert.equal(await listens(names), false)
  assert.deepEqual(surroundingsOf(rabbitmq.folder), [])
  assert.equal(existsSync(rabbitmq.folder), false)
})

it('a throw-away RabbitMQ goes when the process that started it is killed', { skip }, async () => {
  const program = `
    const { startRabbitmq } = await import(${JSON.stringify(new URL('./rabbitmq.ts', import.meta.url))})
    console.log((await startRabbitmq()).folder)
    setInterval(() => {}, 1000)`
  const owner = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(owner, 'exit')
  const [line] = await once(owner.stdout, 'data')
  const folder = String(line).trim()
  const names = namesPortOf(folder)
  assert.equal(await listens(names), true)
  owner.kill('SIGKILL')
  await ended
  for (let turn = 0; turn < 200 && ((await listens(names)) || existsSync(folder)); turn++) await wait(50)
  assert.equal(await listens(names), false)
  assert.deepEqual(surroundingsOf(folder), [])
  assert.equal(existsSync(folder), false)
})

/** Where the name server listens that goes with the server of a folder. */
const namesPortOf = (folder: string): number => Number(/ERL_EPMD_PORT=(\d+)/.exec(surroundingsOf(folder)[0] ?? '')?.[1])

/** The environment of each process that keeps something in a folder. */
function surroundingsOf(folder: string): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(environmentOf).filter((text) => text.includes(`RABBITMQ_MNESIA_BASE=${folder}/`))
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8')
  } catch {
    // It has ended meanwhile, or is somebody else's.
    return ''
  }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  return await once(socket, 'connect')
    .then(
      () => true,
      () => false,
    )
    .finally(() => socket.destroy())
}
