import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { type House, openHouse } from '@cardea/server/testing/house'
import { runAt } from './real.ts'

/** What the tests of imports and exports share: a house and a folder of files, for as long as the file's tests run. */
export type Importing = {
  readonly house: House
  readonly folder: string
  /** Writes a file, and gives its path. */
  file(name: string, text: string): string
  cardea(...words: string[]): ReturnType<typeof runAt>
  /** What an import says that it would do or has done, as programs read it. */
  steps(...words: string[]): Promise<Told>
  /** A secret's value. */
  secret(name: string): Promise<string>
}
export type Step = {
  what: string
  name: string
  from: string | null
  label: string | null
  reason: string | null
  before: string | null
  after?: string
}
type Told = { exit: number; steps: Step[]; text: string; counts: Record<string, number> }

/** Called once in a test file: what it opens is closed after the file’s tests. */
export async function importing(): Promise<Importing> {
  const folder = mkdtempSync(join(tmpdir(), 'cardea-import-'))
  const house = await openHouse()
  after(async () => {
    await house[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })
  const cardea: Importing['cardea'] = (...words) => runAt(house, words)
  return {
    house,
    folder,
    file(name, text) {
      writeFileSync(join(folder, name), text)
      return join(folder, name)
    },
    cardea,
    async steps(...words) {
      const { exit, out, err } = await cardea('import', ...words, '--json')
      assert.notEqual(out, '', err)
      return { exit, text: out, ...(JSON.parse(out) as Pick<Told, 'steps' | 'counts'>) }
    },
    secret: async (name) => (await cardea('secret', 'show', name)).out,
  }
}
