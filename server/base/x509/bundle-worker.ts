import { answer } from '../worker-line.ts'
import { type Bundle, pemOf, readBundle } from './bundle.ts'

/** The thread of bundles: what `Bundles` has it do. */
const acts = {
  read: ({ text, password }: { readonly text: string; readonly password: string | undefined }): Bundle =>
    readBundle(text, password),
  asPem: ({ pkcs12 }: { readonly pkcs12: string }): string => pemOf(pkcs12),
}
export type BundleActs = typeof acts

answer(acts)
