import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { commands } from './commands.ts'
import { run } from './testing/world.ts'

const has = (program: string): boolean => spawnSync(program, ['--version']).status === 0

describe('completion in bash', { skip: has('bash') ? false : 'there is no bash' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'cardea-completion-'))
  before(async () => {
    writeFileSync(join(folder, 'cardea.bash'), (await run(['completion', 'bash'])).out)
    writeFileSync(join(folder, 'settings.json'), '{}')
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  /** What bash's own machinery offers for a line, as it would when somebody presses Tab at its end. */
  function offered(line: string): string[] {
    const words = line.split(' ')
    const script = `
      source ./cardea.bash
      COMP_WORDS=("$@")
      COMP_CWORD=$(($# - 1))
      $(complete -p cardea | sed 's/.*-F \\([^ ]*\\).*/\\1/')
      printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script, 'bash', ...words], {
      cwd: folder,
      encoding: 'utf8',
    })
    assert.equal(stderr, '')
    return stdout.split('\n').filter((one) => one !== '')
  }

  it('offers every command', () => {
    const first = [...new Set(commands.map(({ name }) => name.split(' ')[0] as string))]
    assert.deepEqual(offered('cardea ').sort(), [...first, 'help', 'version'].sort())
    for (const family of first) {
      const members = commands
        .map(({ name }) => name.split(' '))
        .filter(([one, two]) => one === family && two !== undefined)
      if (members.length > 0)
        assert.deepEqual(
          offered(`cardea ${family} `),
          members.map(([, two]) => two),
        )
    }
  })

  it('offers every option of every command, and those of no other', () => {
    for (const { name, options } of commands)
      assert.deepEqual(
        offered(`cardea ${name} --`),
        [...Object.keys(options), 'help'].map((option) => `--${option}`),
        name,
      )
  })

  it('goes on from what is typed', () => {
    assert.deepEqual(offered('cardea sec'), ['secret'])
    assert.deepEqual(offered('cardea secret rec'), ['recover'])
    assert.deepEqual(offered('cardea secret set db --con'), ['--content-type'])
    assert.deepEqual(offered('cardea import --from settings.json --st'), ['--strict', '--store'])
  })

  it('offers values where there are few, files where one is meant, and else nothing', () => {
    assert.deepEqual(offered('cardea import --to '), ['vault', 'store'])
    assert.deepEqual(offered('cardea export --from vault --format j'), ['json'])
    assert.deepEqual(offered('cardea import --from set'), ['settings.json'])
    assert.deepEqual(offered('cardea secret set db --content-type '), [])
    assert.deepEqual(offered('cardea nonsense --'), [])
  })

  it('works under a hand that presses Tab', {
    skip: has('script') ? false : 'there is no script(1), which has a terminal',
  }, () => {
    const said = join(folder, 'cardea')
    writeFileSync(said, '#!/bin/sh\necho "called with: $*"\n')
    chmodSync(said, 0o755)
    const keys = "bind 'set bell-style none'\nsource ./cardea.bash\ncardea secr\tver\tdb --js\t\nexit\n"
    const env = { PATH: `${folder}:${process.env.PATH}`, TERM: 'dumb', HOME: folder }
    const { stdout } = spawnSync('script', ['-qec', 'bash --norc --noprofile -i', '/dev/null'], {
      cwd: folder,
      env,
      input: keys,
      encoding: 'utf8',
      timeout: 20_000,
    })
    assert.match(stdout, /called with: secret versions db --json/)
  })
})

describe('completion in other shells', () => {
  for (const shell of ['zsh', 'fish'] as const) {
    it(`names every command and option in ${shell}, and is read by it where it is installed`, async () => {
      const { exit, out } = await run(['completion', shell])
      assert.equal(exit, 0)
      for (const { name, options } of commands) {
        assert.ok(out.includes(name.split(' ').at(-1) as string), name)
        for (const option of Object.keys(options))
          assert.ok(out.includes(shell === 'fish' ? ` -l ${option} ` : `--${option}`), option)
      }
      if (!has(shell)) return
      const folder = mkdtempSync(join(tmpdir(), 'cardea-completion-'))
      const file = join(folder, `cardea.${shell}`)
      writeFileSync(file, out)
      const { status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' })
      rmSync(folder, { recursive: true, force: true })
      assert.deepEqual([status, stderr], [0, ''])
    })
  }

  it('are refused where there is none', async () => {
    assert.equal((await run(['completion', 'tcsh'])).exit, 2)
    assert.equal((await run(['completion'])).exit, 2)
  })
})
