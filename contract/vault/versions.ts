/** The api-versions of Key Vault's data plane that are answered, oldest first; all behave as the newest stable one, but for a few members. */
export const vaultVersions = [
  '2015-06-01',
  '2016-10-01',
  '7.0-preview',
  '7.0',
  '7.1-preview',
  '7.1',
  '7.2-preview',
  '7.2',
  '7.3-preview',
  '7.3',
  '7.4-preview.1',
  '7.4',
  '7.5-preview.1',
  '7.5',
  '7.6-preview.1',
  '7.6-preview.2',
  '7.6',
  '2025-06-01-preview',
  '2025-07-01',
  '2026-01-01-preview',
  '2026-03-01-preview',
  '2026-04-01',
  '2026-05-01-preview',
  '2026-07-01-preview',
] as const

export const newestVaultVersion = '2026-04-01'

/** What of the wire depends on the api-version that was asked for. */
export type Dialect = {
  /** Attributes tell for how long a deletion can be undone (from 7.1 on). */
  readonly recoverableDays: boolean
  /** A secret tells which version came before (from 2025-06-01-preview on). */
  readonly previousVersion: boolean
}
const dialects = new Map<string, Dialect>(
  vaultVersions.map((version, index) => [
    version,
    {
      recoverableDays: index >= vaultVersions.indexOf('7.1-preview'),
      previousVersion: index >= vaultVersions.indexOf('2025-06-01-preview'),
    },
  ]),
)
const newest = dialects.get(newestVaultVersion) as Dialect
export const dialectOf = (version: string): Dialect =>
  dialects.get(version) ?? dialects.get(version.toLowerCase()) ?? newest
