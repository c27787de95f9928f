import { copyFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type House, openHouse, type Wanted } from './house.ts'

/** Two whole servers in this process on one database; for tests. Disposing of them leaves the database alone. */
export type Nodes = AsyncDisposable & {
  readonly one: House
  readonly two: House
}

export async function openNodes(databaseUrl: string, { env: extra = {}, ...around }: Wanted = {}): Promise<Nodes> {
  const folders = await Promise.all([0, 1].map(() => mkdtemp(join(tmpdir(), 'cardea-node-'))))
  const [first, second] = folders as [string, string]
  const env = { CARDEA_DATABASE: databaseUrl, ...extra }
  const one = await openHouse({ ...around, data: first, env })
  // The operator gives every node the same root key, and the developer's file where somebody is to use it.
  for (const file of ['root.key', 'developer.json']) copyFileSync(join(first, file), join(second, file))
  const two = await openHouse({ ...around, data: second, env })
  return {
    one,
    two,
    async [Symbol.asyncDispose]() {
      await one[Symbol.asyncDispose]()
      await two[Symbol.asyncDispose]()
      for (const folder of folders) await rm(folder, { recursive: true, force: true })
    },
  }
}
