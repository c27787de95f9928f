/**
 * The api-versions of App Configuration's data plane. No version takes anything away or renames it, so whatever is newer
 * than all we know is answered as the newest that we do.
 */
const known = [
  '1.0',
  '2022-11-01-preview',
  '2023-05-01-preview',
  '2023-10-01',
  '2023-11-01',
  '2023-11-11-preview',
  '2024-09-01',
  '2024-09-01-preview',
  '2025-07-01-preview',
  '2026-04-01',
  '2026-05-01-preview',
] as const

export const newestConfigurationVersion = '2026-04-01'

const dated = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])-preview$/

export const configurationVersions = {
  has: (version: string): boolean =>
    (known as readonly string[]).includes(version) ||
    (dated.test(version) && version.slice(0, 10) > newestConfigurationVersion),
}

/** Whether a version has what came with another, which is a date. */
export const reaches = (version: string, wanted: string): boolean => version !== '1.0' && version.slice(0, 10) >= wanted
