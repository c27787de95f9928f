import { Fault } from '#base/fault.ts'
import type { BundleReader } from '#core/certificates/making.ts'
import type { OpenSecret } from '#core/secrets/secret.ts'

const [pfx, pem] = ['application/x-pkcs12', 'application/x-pem-file']

/** The secret of a certificate in the form that a reader asked for. Any other secret is in no form that could be turned into these. */
export async function inForm(
  bundles: Pick<BundleReader, 'asPem'>,
  secret: OpenSecret,
  wanted: string,
): Promise<OpenSecret> {
  if (!secret.managed) throw refused('Only the secret of a certificate is to be had in another form.')
  if (wanted === secret.contentType) return secret
  if (secret.contentType !== pfx || wanted !== pem)
    throw refused('The secret of a certificate is converted from PKCS #12 to PEM, and no other way.')
  return { ...secret, contentType: pem, value: await bundles.asPem(secret.value) }
}

const refused = (words: string): Fault => new Fault('invalid', words, { where: 'outContentType' })
