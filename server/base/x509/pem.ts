import { Fault } from '../fault.ts'

/** Text with blocks of base64 between lines that say what they are (RFC 7468). What stands between blocks is a remark. */
export type PemBlock = { readonly label: string; readonly der: Buffer }

const begin = '-----BEGIN '
const dashes = '-----'
const lineChars = 64

/** All blocks, in the order of the text. */
export function readPemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = []
  for (let at = text.indexOf(begin); at >= 0; at = text.indexOf(begin, at)) {
    const labelAt = at + begin.length
    const labelEnd = text.indexOf(dashes, labelAt)
    const label = text.slice(labelAt, labelEnd)
    const end = `${dashes}END ${label}${dashes}`
    const bodyEnd = labelEnd < 0 || label.length > lineChars ? -1 : text.indexOf(end, labelEnd)
    if (bodyEnd < 0) throw new Fault('invalid', 'The PEM has a block that does not end.', { where: 'value' })
    blocks.push({ label, der: bytesIn(text.slice(labelEnd + dashes.length, bodyEnd)) })
    at = bodyEnd + end.length
  }
  return blocks
}

/** A block, with a line's end after its last line. */
export function writePemBlock(label: string, der: Uint8Array): string {
  const base64 = Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('base64')
  const lines = base64.match(new RegExp(`.{1,${lineChars}}`, 'g')) ?? []
  return [`${begin}${label}${dashes}`, ...lines, `${dashes}END ${label}${dashes}`, ''].join('\n')
}

function bytesIn(body: string): Buffer {
  const base64 = body.replaceAll(/\s+/g, '')
  if (base64.includes(':')) {
    throw new Fault('invalid', 'A private key in PEM must not be encrypted.', { where: 'value' })
  }
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) {
    throw new Fault('invalid', 'The PEM has a block that is not base64.', { where: 'value' })
  }
  return Buffer.from(base64, 'base64')
}
