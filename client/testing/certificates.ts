import { execFileSync } from 'node:child_process'

export type Identity = { readonly key: string; readonly cert: string }
const kept = new Map<string, Identity>()

/** A certificate for these names, its own authority; for tests alone. Needs the `openssl` program. */
export function selfSigned(names: readonly string[]): Identity {
  const identity = kept.get(names.join()) ?? make(names)
  kept.set(names.join(), identity)
  return identity
}

function make(names: readonly string[]): Identity {
  const made = execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', '/CN=rude', '-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`],
      ...['-keyout', '-', '-out', '-'],
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  )
  const part = (kind: string) => new RegExp(`-----BEGIN ${kind}-----[^-]+-----END ${kind}-----`).exec(made)?.[0] ?? ''
  return { key: part('PRIVATE KEY'), cert: part('CERTIFICATE') }
}
