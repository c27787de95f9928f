import { describe } from 'node:test'
import { findPostgres, startPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'

const postgres = needs('PostgreSQL', findPostgres)

/** Where a house keeps its data, as settings say it; gone at the end. */
export type Kept = AsyncDisposable & { readonly env: Record<string, string> }

const engines = [
  {
    name: 'SQLite',
    skip: false as const,
    keep: async (): Promise<Kept> => ({ env: {}, async [Symbol.asyncDispose]() {} }),
  },
  {
    name: 'PostgreSQL',
    skip: postgres.skip,
    async keep(): Promise<Kept> {
      const database = await startPostgres()
      return {
        env: { CARDEA_DATABASE: database.url() },
        [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
      }
    },
  },
]

/** Runs a suite twice: with its data in the embedded database, and in PostgreSQL. */
export function onBothEngines(suite: (keep: () => Promise<Kept>) => void): void {
  for (const { name, skip, keep } of engines) describe(`kept in ${name}:`, { skip }, () => suite(keep))
}
