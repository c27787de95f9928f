import { Fault } from '#base/fault.ts'
import { writePem } from '#base/x509/bundle.ts'
import { openPkcs12 } from '#base/x509/pkcs12.ts'
import type { OpenSecret } from '#core/secrets/secret.ts'

const [pfx, pem] = ['application/x-pkcs12', 'application/x-pem-file']

/** The secret of a certificate in the form that a reader asked for. Any other is in no form that could be turned into these. */
export function inForm(secret: OpenSecret, wanted: string | undefined): OpenSecret {
  if (wanted === undefined || !secret.managed || wanted === secret.contentType) return secret
  if (secret.contentType !== pfx || wanted !== pem) {
    throw new Fault('invalid', 'The secret of a certificate is converted from PKCS #12 to PEM, and no other way.', {
      where: 'outContentType',
    })
  }
  const { keys, certificates } = openPkcs12(Buffer.from(secret.value, 'base64'), undefined)
  return { ...secret, contentType: pem, value: writePem(keys[0], certificates) }
}
