import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { it } from 'node:test'
import { findPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'

const cardea = join(import.meta.dirname, '..', 'cardea.js')

/** The real demo, in small. */
async function demo(
  ...words: string[]
): Promise<{ code: number | null; figures: Record<string, unknown>; err: string }> {
  const child = spawn(process.execPath, [cardea, 'demo', '--json', '--rotations', '2', '--instances', '2', ...words])
  let [out, err] = ['', '']
  child.stdout.on('data', (part) => (out += part))
  child.stderr.on('data', (part) => (err += part))
  const [code] = await once(child, 'close')
  return { code, figures: JSON.parse(out.trimEnd().split('\n').at(-1) || '{}'), err }
}

const targets = [
  { target: 'postgresql', words: [], skip: needs('PostgreSQL', findPostgres).skip },
  { target: 'built-in', words: ['--built-in'], skip: false },
] as const
for (const { target, words, skip } of targets) {
  it(`a credential rotates under load at ${target}, and no request fails`, { skip }, async () => {
    const { code, figures, err } = await demo(...words)
    assert.equal(code, 0, err)
    const { served, p99ToUseMs, ...others } = figures as Record<string, number>
    assert.ok(served && served > 100, `${served} served`)
    assert.ok(p99ToUseMs !== undefined && p99ToUseMs < 1_000, `${p99ToUseMs} ms to use`)
    assert.partialDeepStrictEqual(others, { failed: 0, rotations: 2, oldRefused: 2, samples: 4, target })
  })
}
