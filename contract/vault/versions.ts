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
  /** A key tells whether it may leave the vault (from 7.3 on), what protects it (from 7.5 on), and its size, if it is symmetric. */
  readonly exportable: boolean
  readonly hsmPlatform: boolean
  readonly keySize: boolean
}
const since = (first: (typeof vaultVersions)[number], index: number): boolean => index >= vaultVersions.indexOf(first)
const dialects = new Map<string, Dialect>(
  vaultVersions.map((version, index) => [
    version,
    {
      recoverableDays: since('7.1-preview', index),
      previousVersion: since('2025-06-01-preview', index),
      exportable: since('7.3-preview', index),
      hsmPlatform: since('7.5-preview.1', index),
      keySize: since('2026-04-01', index),
    },
  ]),
)
const newest = dialects.get(newestVaultVersion) as Dialect
/** What answers in an api-version hold; in one that nobody knows, what the newest does. */
export const dialectOf = (version: string): Dialect =>
  dialects.get(version) ?? dialects.get(version.toLowerCase()) ?? newest
