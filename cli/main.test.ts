import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { providersWith } from '@cardea/providers/providers'
import { argumentsOf } from './arguments.ts'
import { areas, commands } from './commands.ts'
import { bindings } from './rotation-bind.ts'
import { commandsPage, writtenCommandsPage } from './testing/commands-page.ts'
import { run } from './testing/world.ts'

describe('the command line', () => {
  it('shows every command when it is asked for nothing', async () => {
    const { exit, out } = await run([])
    assert.equal(exit, 0)
    for (const { name, says } of commands) assert.match(out, new RegExp(`${name} +${RegExp.escape(says)}`))
    const titles = areas.map(({ title }) => out.indexOf(`\n${title}\n`))
    assert.deepEqual(
      titles,
      titles.toSorted((a, b) => a - b),
      'by areas, in their order',
    )
    assert.ok(!titles.includes(-1))
  })

  it('stands in docs/guide/commands.md as it is (if not: npm run commands)', () => {
    assert.equal(writtenCommandsPage(), commandsPage())
  })

  it('has no two commands of one name, and tells of each what it is for in a sentence', () => {
    assert.equal(new Set(commands.map(({ name }) => name)).size, commands.length)
    for (const { name, says, examples } of commands) {
      assert.match(says, /^[A-Z].*\.$/, name)
      for (const example of examples) assert.match(example, /cardea /, name)
    }
  })

  for (const { name, options } of commands) {
    it(`explains "${name}", whichever way it is asked`, async () => {
      const asked = [`help ${name}`, `${name} --help`, `${name} -h`].map((line) => run(line.split(' ')))
      const [one, ...others] = (await Promise.all(asked)).map(({ exit, out }) => `${exit} ${out}`)
      for (const other of others) assert.equal(other, one)
      for (const option of Object.keys(options)) assert.ok(one?.includes(`--${option}`), option)
      assert.match(one ?? '', /^0 /)
    })
  }

  it('names every provider that there is, and what a binding for it may say', () => {
    const there = [...providersWith({ loopback: false }).values()].map(({ name, binding }) => [name, binding.members])
    assert.deepEqual([...bindings], there)
  })

  it('is as wide as the terminal, with its second column in its place, and as it is where there is none', async () => {
    for (const columns of [80, 100]) {
      const { out } = await run(['help', 'start'], { terminal: { out: true, columns } })
      const long = out.split('\n').filter((line) => [...line].length > columns)
      assert.deepEqual(long, [])
      assert.match(
        out,
        /\n {2}--proxy-port PORT {3}the CONNECT proxy on loopback; 0 takes a free one, off is(\n {22}| )none\n/,
      )
    }
    const wide = await run(['help', 'start'])
    assert.equal((await run(['help', 'start'], { terminal: { out: true, columns: 0 } })).out, wide.out)
    assert.match(wide.out, /\n {2}CARDEA_QUOTA {2,}requests per vault and store: .* \(default off\)\n/)
  })

  it('explains a family by its members', async () => {
    for (const line of ['help secret', 'secret --help', 'secret -h', 'secret help']) {
      const { exit, out } = await run(line.split(' '))
      assert.equal(exit, 0)
      assert.match(out, /secret set.*\n.*secret show.*\n.*secret list/)
      assert.doesNotMatch(out, /setting set/)
    }
  })

  it('tells its version, whichever way it is asked', async () => {
    const world = { files: { [new URL('./package.json', import.meta.url).pathname]: '{"version":"1.2.3"}' } }
    for (const word of ['--version', '-v', 'version']) assert.equal((await run([word], world)).out, '1.2.3\n')
  })

  const misuses: [string, RegExp][] = [
    ['strat', /no command "strat"[\s\S]*cardea start/],
    ['sceret list', /Did you mean: cardea secret list/],
    ['secret get db', /Did you mean: cardea secret show\n/],
    ['secret read db', /Did you mean: cardea secret show\n/],
    ['secret put db', /Did you mean: cardea secret set\n/],
    ['secret rm db', /Did you mean: cardea secret delete\n/],
    ['setting create a', /Did you mean: cardea setting set\n/],
    ['sercet get db', /Did you mean: cardea secret show\n/],
    ['rotation remove db', /Did you mean: cardea rotation unbind\n/],
    ['role grant ada', /Did you mean: cardea role assign\n/],
    ['role revoke ada', /Did you mean: cardea role unassign\n/],
    ['vault new shop', /Did you mean: cardea vault create\n/],
    ['secret update db', /Did you mean: cardea secret edit\n/],
    ['group leave x', /There are: group create, group list/],
    ['imprt', /Did you mean: cardea import/],
    ['rotation get db', /Did you mean: cardea rotation show\n/],
    ['secrt', /Did you mean one of: secret set, secret show, secret list/],
    ['secret lst', /Did you mean: cardea secret list/],
    ['secret', /secret set, secret show, secret list/],
    ['qwertz', /See: cardea help/],
    ['start --prot 1', /no option --prot[\s\S]*Did you mean --port\?/],
    ['start --port', /--port needs a value: --port PORT/],
    ['start --port --json', /--port needs a value/],
    ['start --json=yes', /--json takes no value/],
    ['start --port 1 --port 2', /--port is given twice/],
    ['secret show', /needs NAME: the secret/],
    ['env here', /env takes no argument, and was given 1/],
    ['start --temporary --data x', /--temporary makes a data folder of its own/],
    ['demo --rotations none', /--rotations must be a number from 1 to/],
    ['rotation bind db', /needs --provider/],
    ['rotation bind db --provider random --interval soon', /--interval must be a time such as 90d/],
    ['rotation bind db --provider random --interval 0d', /--interval must be from 10 seconds to \d+ days/],
  ]
  for (const [line, said] of misuses) {
    it(`refuses "${line}" as misuse`, async () => {
      const { exit, out, err } = await run(line.split(' '))
      assert.equal(exit, 2)
      assert.equal(out, '')
      assert.match(err, said)
    })
  }

  it('repeats no argument that may be a secret', async () => {
    for (const words of [
      ['secret', 'set', 'db', 'hunter2'],
      ['secret', 'set', 'db', '--value', 'hunter2'],
      ['secret', 'hunter2'],
      ['set', 'hunter2'],
    ]) {
      const { exit, err } = await run(words)
      assert.equal(exit, 2)
      assert.doesNotMatch(err, /hunter2/)
    }
  })

  it('says all wrong settings at once', async () => {
    const { exit, err } = await run(['start', '--port', 'http', '--domain', 'x', '--data', 'nowhere'])
    assert.equal(exit, 2)
    assert.match(err, /CARDEA_PORT[\s\S]*CARDEA_DOMAIN/)
  })

  it('tells programs what went wrong in JSON', async () => {
    const { exit, err } = await run(['secret', 'show', 'db', '--json'])
    assert.equal(exit, 1)
    assert.deepEqual(JSON.parse(err), { error: { code: 'not-found', message: 'There is none.' } })
  })

  it('says what to do where there is no Cardea', async () => {
    const { exit, err } = await run(['env', '--data', '/nowhere/at/all'], { env: {} })
    assert.equal(exit, 1)
    assert.match(err, /cardea start --data \/nowhere\/at\/all/)
  })
})

describe('what is shown to be typed', () => {
  const root = join(import.meta.dirname, '..')
  /** What follows `cardea` in a line of a shell, as words. */
  const typed = (line: string): string[][] =>
    [...line.matchAll(/(?<![\w.-])cardea ((?:"[^"]*"|'[^']*'|[^|<>#&()"'])*)/g)].map(([, rest = '']) =>
      [...rest.replace(/ {3,}.*$/, '').matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) =>
        // What an earlier line of the page has put into a variable.
        word.replace(/["']/g, '').replace('$VAULT_ID', '/subscriptions/s/vaults/demo'),
      ),
    )
  const understood = (words: readonly string[]): void => {
    const [one = '', two = ''] = words
    const named = commands.find(({ name }) => name === `${one} ${two}`) ?? commands.find(({ name }) => name === one)
    if (named !== undefined) argumentsOf(named, words.slice(named.name.split(' ').length))
    else assert.ok(one === 'help' || one === 'COMMAND' || words.some((word) => word.includes('…')), words.join(' '))
  }

  it('in the examples of commands is understood by them', () => {
    for (const { examples } of commands)
      for (const example of examples) for (const words of typed(example)) understood(words)
  })

  it('in the guide and the README is understood too', () => {
    const pages = ['README.md', ...globSync('docs/guide/*.md', { cwd: root })]
    let lines = 0
    for (const page of pages) {
      const blocks = readFileSync(join(root, page), 'utf8').matchAll(/```sh\n(.*?)```/gs)
      for (const line of [...blocks].flatMap(([, text = '']) => text.split('\n')))
        for (const words of typed(line.replace(/\s#.*$/, ''))) {
          lines += 1
          understood(words)
        }
    }
    assert.ok(lines > 20, `only ${lines} lines were found`)
  })
})
