import { readFileSync } from 'node:fs'
import { getCACertificates } from 'node:tls'
import { openAuthority } from '#base/authority.ts'
import type { Clock } from '#base/clock.ts'
import { writePrivate } from '#base/private-files.ts'
import type { Settings } from './settings.ts'

/** What the server shows of itself, and what proves that it is the one (PEM). */
export type Certificate = { readonly cert: string; readonly key: string }

/** The certificate to listen with: the operator's, or one from our own authority. */
export async function certificateFor({ tls, data, domain }: Settings, clock: Clock) {
  if (tls !== undefined) {
    const certificate: Certificate = {
      cert: readFileSync(tls.certFile, 'utf8'),
      key: readFileSync(tls.keyFile, 'utf8'),
    }
    return { caFile: undefined, bundleFile: undefined, certificate }
  }
  const authority = await openAuthority(`${data}/tls`, domain, new Date(clock()))
  const bundleFile = `${data}/tls/bundle.pem`
  writePrivate(bundleFile, `${[...trustedHere(), authority.ca].map((pem) => pem.trim()).join('\n')}\n`)
  const certificate: Certificate = await authority.serverCertificate(new Date(clock()))
  return { caFile: authority.caFile, bundleFile, certificate }
}

/** The certificates that this machine trusts, its own and those that Node brings along. */
export const trustedHere = (): readonly string[] => [
  ...new Set([...getCACertificates('bundled'), ...getCACertificates('system')]),
]
