import { execFileSync } from 'node:child_process'
import { createHash, createPrivateKey, randomUUID, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SignJWT } from 'jose'

/** A certificate that OpenSSL made: its text, its key's file, and the SHA-256 by which assertions name it. */
export type Held = { readonly key: string; readonly text: string; readonly thumbprint: string }

export function certificateFor(folder: string, name: string): Held {
  const [key, pem] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)]
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', pem, '-days', '30']
  execFileSync('openssl', [...made, '-subj', `/CN=${name}`], { stdio: 'ignore' })
  const text = readFileSync(pem, 'utf8')
  return { key, text, thumbprint: createHash('sha256').update(new X509Certificate(text).raw).digest('base64url') }
}

/** What an application sends to prove itself by a certificate: an assertion that holds for five minutes from `at` on. */
export async function assertionBy({ key, thumbprint }: Held, appId: string, at: number) {
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg: 'PS256', 'x5t#S256': thumbprint })
      .setIssuer(appId)
      .setSubject(appId)
      .setAudience('https://login.cardea.internal/adfs/oauth2/v2.0/token')
      .setIssuedAt(at / 1000)
      .setNotBefore(at / 1000)
      .setExpirationTime(at / 1000 + 300)
      .sign(createPrivateKey(readFileSync(key))),
  }
}
