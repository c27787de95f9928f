import { answer } from '../worker-line.ts'
import { type Bundle, readBundle, writePkcs12 } from './bundle.ts'

/** The thread of bundles: what `Bundles` has it do. */
const acts = {
  read: ({ text, password }: { readonly text: string; readonly password: string | undefined }): Bundle =>
    readBundle(text, password),
  writePkcs12: ({
    privateKey,
    chain,
  }: {
    readonly privateKey: Uint8Array | undefined
    readonly chain: readonly Uint8Array[]
  }): Uint8Array => writePkcs12(privateKey, chain),
}
export type BundleActs = typeof acts

answer(acts)
