/** The api-versions of App Configuration's data plane that are answered; later ones only add fields. */
export const configurationVersions = [
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
