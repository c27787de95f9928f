import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import * as asn1 from '@peculiar/asn1-x509'
import { derSignature } from '../keys/ecdsa.ts'
import type { Curve, PublicPart } from '../keys/key.ts'
import { curveNames } from '../keys/private-jwk.ts'
import { bytesOf } from './structure.ts'

/**
 * Signs a digest as Key Vault's keys do: RS256 with RSA, and with a curve ES256, ES256K, ES384 or ES512 (r, then s). The key itself
 * is never seen here, so one in a hardware module signs certificates like any other.
 */
export type Signer = (digest: Uint8Array) => Promise<Uint8Array>

type Scheme = { readonly hash: 'sha256' | 'sha384' | 'sha512'; readonly algorithm: asn1.AlgorithmIdentifier }

const ecdsa = (hash: Scheme['hash'], algorithm: string): Scheme => ({
  hash,
  algorithm: new asn1.AlgorithmIdentifier({ algorithm }),
})
/** RFC 5758, 3.2: a digest as long as the curve's order. */
const byCurve: Readonly<Record<Curve, Scheme>> = {
  'P-256': ecdsa('sha256', '1.2.840.10045.4.3.2'),
  'P-256K': ecdsa('sha256', '1.2.840.10045.4.3.2'),
  'P-384': ecdsa('sha384', '1.2.840.10045.4.3.3'),
  'P-521': ecdsa('sha512', '1.2.840.10045.4.3.4'),
}
/** RFC 4055, 5: with RSA the parameters are there, and null. */
const withRsa: Scheme = {
  hash: 'sha256',
  algorithm: new asn1.AlgorithmIdentifier({ algorithm: '1.2.840.113549.1.1.11', parameters: null }),
}

/** What a key signs certificates with. */
export function signatureAlgorithm(publicPart: PublicPart): asn1.AlgorithmIdentifier {
  return schemeOf(publicPart).algorithm
}

/**
 * A signature as certificates hold it. It is verified before anybody gets it: what a faulty module signs is useless at best, and may
 * tell its key at worst (Boneh, DeMillo and Lipton 1997).
 */
export async function signatureOver(bytes: Buffer, publicPart: PublicPart, sign: Signer): Promise<ArrayBuffer> {
  const { hash } = schemeOf(publicPart)
  const raw = await sign(createHash(hash).update(bytes).digest())
  const key = publicKeyOf(publicPart)
  if (!verify(hash, bytes, { key, dsaEncoding: 'ieee-p1363' }, raw)) {
    throw new Error('What the key signed does not verify with its public part.')
  }
  return bytesOf(publicPart.kty === 'EC' ? derSignature(publicPart.crv, raw) : raw)
}

/** The public part as Node has it. */
export function publicKeyOf(publicPart: PublicPart): KeyObject {
  if (publicPart.kty === 'oct') throw symmetric()
  const crv = publicPart.kty === 'EC' ? { crv: curveNames[publicPart.crv].jwk } : {}
  return createPublicKey({ key: { ...publicPart, ...crv }, format: 'jwk' })
}

function schemeOf(publicPart: PublicPart): Scheme {
  if (publicPart.kty === 'oct') throw symmetric()
  return publicPart.kty === 'RSA' ? withRsa : byCurve[publicPart.crv]
}

const symmetric = () => new Error('A symmetric key has no certificate.')
