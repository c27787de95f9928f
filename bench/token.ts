import { createPrivateKey } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { rootKeyIn } from '@cardea/server/base/root-key'
import { keyFrom, unseal, unsealText } from '@cardea/server/base/seal'
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose'

/**
 * The same token, as large as Entra's usually are: 1.5 KB, of which groups are the most. Ours are smaller, and a bench
 * that profits from that would flatter us; so it is signed anew with the installation's own key.
 */
export async function asLargeAsEntras(token: string, data: string): Promise<string> {
  const database = new DatabaseSync(join(data, 'cardea.db'), { readOnly: true })
  const { kid } = decodeProtectedHeader(token)
  const { sealed } = database.prepare('select sealed from signing_key where kid = ?').get(String(kid)) as Sealed
  const directory = database.prepare("select sealed from sealing_key where id = 'directory'").get() as Sealed
  database.close()
  const root = rootKeyIn(join(data, 'root.key'))
  const key = keyFrom(unseal(root, directory.sealed, 'key/directory'))
  const pem = unsealText(key, sealed, `signing-key/${kid}`)
  const groups = Array.from({ length: 10 }, (_, index) => `5f0c0f60-0000-4000-8000-${String(index).padStart(12, '0')}`)
  return new SignJWT({ ...decodeJwt(token), groups })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: String(kid) })
    .sign(createPrivateKey(pem))
}

type Sealed = { readonly sealed: Uint8Array }
