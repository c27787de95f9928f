import { answer } from '../worker-line.ts'
import { type Bundle, readBundle } from './bundle.ts'

/** The thread of bundles: what `Bundles` has it do. */
const acts = {
  read: ({ text, password }: { readonly text: string; readonly password: string | undefined }): Bundle =>
    readBundle(text, password),
}
export type BundleActs = typeof acts

answer(acts)
