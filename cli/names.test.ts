import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ConfigurationError } from '@cardea/client/errors'
import { type House, openHouse } from '@cardea/server/testing/house'
import { namesWanted } from './names.ts'
import { runAt } from './testing/real.ts'
import { run } from './testing/world.ts'

describe('a server without its proxy', () => {
  let house: House
  let wanted: string
  before(async () => {
    house = await openHouse({ env: { CARDEA_PROXY_PORT: 'off' } })
    wanted = `Cardea’s proxy is off: programs find it where DNS answers *.cardea.internal with 127.0.0.1, and port 443 there leads to port ${house.cardea.port}.`
  })
  after(() => house?.[Symbol.asyncDispose]())

  const unknown = async () => undefined
  const known = async () => '127.0.0.1'

  it('has its names told to who takes its variables where nobody knows them, beside what the shell evaluates', async () => {
    const { exit, out, err } = await runAt(house, ['env'], { addressOf: unknown })
    assert.deepEqual([exit, err], [0, `${wanted} Here demo.vault.cardea.internal leads nowhere.\n`])
    assert.ok(out.split('\n').every((line) => /^(?:export |$)/.test(line)))
  })

  it('has nothing told where they are known, nor to programs, nor when the variables are given back', async () => {
    for (const [words, addressOf] of [
      [['env'], known],
      [['env', '--json'], unknown],
      [['env', '--unset'], unknown],
    ] as const)
      assert.equal((await runAt(house, words, { addressOf })).err, '')
  })

  it('is looked for by the doctor, who says what its names need', async () => {
    const names = async (addressOf: typeof known | typeof unknown) => {
      const { exit, out } = await runAt(house, ['doctor', '--json'], { addressOf })
      const lines = JSON.parse(out) as { about: string; state: string; says: string; next?: string }[]
      return { exit, line: lines.find(({ about }) => about === 'names') }
    }
    assert.deepEqual(await names(unknown), {
      exit: 0,
      line: {
        state: 'warn',
        about: 'names',
        says: 'demo.vault.cardea.internal is known to no name server, and no proxy is set',
        next: wanted,
      },
    })
    assert.equal((await names(known)).line?.says, 'demo.vault.cardea.internal is 127.0.0.1')
  })

  it('is told of by a command that goes by its names in vain, and reached by its folder', async () => {
    const { exit, err } = await run(['secret', 'list'], {
      env: house.env,
      answers: () => {
        throw new ConfigurationError('unreachable', 'demo.vault.cardea.internal can’t be reached (ENOTFOUND).')
      },
    })
    const folder = `On its own machine commands do without: add --data ${house.data}`
    assert.deepEqual([exit, err.split('\n').slice(1)], [1, [wanted, folder, '']])
    assert.equal((await runAt(house, ['secret', 'list'], { addressOf: unknown })).exit, 0)
  })
})

describe('where DNS has to lead', () => {
  const listening = { domain: 'vault.example', host: '10.0.0.7', port: 443, publicPort: 443 }

  it('is where the server listens, on its port', () => {
    assert.match(namesWanted(listening), /answers \*\.vault\.example with 10\.0\.0\.7\.$/)
  })

  it('is any address of its machine, where it listens on all of them', () => {
    for (const host of ['0.0.0.0', '::'])
      assert.match(namesWanted({ ...listening, host }), /answers \*\.vault\.example with an address of its machine\.$/)
  })
})
