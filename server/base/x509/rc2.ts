/**
 * RC2 (RFC 2268), to read only: older tools hide the certificates of a bundle behind it, and OpenSSL has put it away. It protects
 * nothing any more.
 */
const shuffled = Buffer.from(
  'd978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82' +
    '54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb6266fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7' +
    '08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ecc2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731' +
    '2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a90d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad',
  'hex',
)
const blockBytes = 8
const rotations = [1, 2, 3, 5] as const

/** Decrypts in CBC mode with all bits of the key. The padding stays. */
export function rc2Decrypted(key: Uint8Array, iv: Uint8Array, cipher: Uint8Array): Buffer {
  const words = expanded(key)
  const blocks = Buffer.from(cipher)
  const plain = Buffer.alloc(blocks.length)
  for (let at = 0; at + blockBytes <= blocks.length; at += blockBytes) {
    for (const [part, word] of decryptedBlock(words, blocks.subarray(at)).entries()) {
      plain.writeUInt16LE(word, at + 2 * part)
    }
  }
  return plain.map((byte, at) => byte ^ (at < blockBytes ? iv[at]! : blocks[at - blockBytes]!)) as Buffer
}

/** Section 2: the key's bytes made into 64 words. */
function expanded(key: Uint8Array): Uint16Array {
  const bytes = new Uint8Array(128)
  bytes.set(key)
  const through = (at: number): number => shuffled[at & 0xff] as number
  for (let at = key.length; at < 128; at++) bytes[at] = through(bytes[at - 1]! + bytes[at - key.length]!)
  bytes[128 - key.length] = through(bytes[128 - key.length]!)
  for (let at = 127 - key.length; at >= 0; at--) bytes[at] = through(bytes[at + 1]! ^ bytes[at + key.length]!)
  return Uint16Array.from({ length: 64 }, (_, at) => bytes[2 * at]! | (bytes[2 * at + 1]! << 8))
}

/** Section 4. */
function decryptedBlock(words: Uint16Array, block: Buffer): Uint16Array {
  const r = Uint16Array.from(rotations, (_, at) => block.readUInt16LE(2 * at))
  const at = (index: number): number => r[index & 3] as number
  let next = 63
  for (let round = 15; round >= 0; round--) {
    for (let i = 3; i >= 0; i--) {
      const turned = (at(i) >>> rotations[i]!) | (at(i) << (16 - rotations[i]!))
      r[i] = turned - words[next--]! - (at(i + 3) & at(i + 2)) - (~at(i + 3) & at(i + 1))
    }
    if (round === 11 || round === 5) {
      for (let i = 3; i >= 0; i--) r[i] = at(i) - words[at(i + 3) & 63]!
    }
  }
  return r
}
