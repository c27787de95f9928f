import { createHash, createHmac, pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'

/**
 * What PostgreSQL keeps of a password (RFC 5803, SCRAM-SHA-256). Made here, because a password that is sent in clear
 * text stands in the server's log, its statistics and its replicas.
 */
export async function scramVerifier(password: string, salt: Buffer): Promise<string> {
  const salted = await pbkdf2Async(saslprep(password), salt, iterations, 32, 'sha256')
  const storedKey = createHash('sha256').update(keyed(salted, 'Client Key')).digest('base64')
  const serverKey = keyed(salted, 'Server Key').toString('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`
}

/** Every attempt of one rotation has the same salt, so that applying a password again writes the same verifier. */
export const saltOf = (rotationId: string, role: string): Buffer =>
  createHash('sha256').update(`${rotationId}\0${role}`).digest().subarray(0, 16)

// PostgreSQL's own default. Guessing is no danger to 256 random bits, and every login pays for each iteration.
const iterations = 4096
const pbkdf2Async = promisify(pbkdf2)
const keyed = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/** RFC 4013 without its prohibitions, which neither the server nor its clients enforce. */
function saslprep(password: string): string {
  return password
    .replace(/[\u00A0\u1680\u2000-\u200B\u202F\u205F\u3000]/g, ' ')
    .replace(/\u00AD|\u034F|\u1806|[\u180B-\u180D]|\u200C|\u200D|\u2060|[\uFE00-\uFE0F]|\uFEFF/g, '')
    .normalize('NFKC')
}
