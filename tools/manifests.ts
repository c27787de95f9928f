import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Import, isTest, packageOf, packages } from './tidy.ts'

/** What each package says that it needs (its `package.json`), held against what its files import. */
export type Manifest = {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}
export type Manifests = Readonly<Record<string, Manifest>>

export const manifestsIn = (root: string): Manifests =>
  Object.fromEntries(
    packages.map((folder) => [
      folder,
      JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest,
    ]),
  )

/** Packages that nobody installs without all of the repository: what they need to run is needed for development. */
const atHome = ['conformance', 'bench']

/** Imports that work only because somebody else declares what is imported. */
export const undeclared = (imports: readonly Import[], manifests: Manifests): string[] =>
  imports.flatMap((one) => {
    const [folder, name] = [packageOf(one.file) as string, imported(one, manifests)]
    if (name === undefined) return []
    const { dependencies, optionalDependencies, devDependencies } = manifests[folder] as Manifest
    const inTime = one.typeOnly || isTest(one.file) || atHome.includes(folder) ? devDependencies : {}
    return name in { ...dependencies, ...optionalDependencies, ...inTime } ? [] : [`${one.file} -> ${name}`]
  })

/** What is declared, and imported by no file of the package. */
export const unused = (imports: readonly Import[], manifests: Manifests): string[] =>
  Object.entries(manifests).flatMap(([folder, { dependencies, optionalDependencies, devDependencies }]) => {
    const own = imports.filter(({ file }) => packageOf(file) === folder)
    const names = new Set(own.map((one) => imported(one, manifests)))
    const declared = Object.keys({ ...dependencies, ...optionalDependencies, ...devDependencies })
    return declared.filter((name) => !names.has(name)).map((name) => `${folder}: ${name}`)
  })

/** The package that an import comes from; undefined where that is its own, or Node. */
function imported({ file, to }: Import, manifests: Manifests): string | undefined {
  const folder = packageOf(to)
  if (folder !== undefined) return folder === packageOf(file) ? undefined : manifests[folder]?.name
  if (to.startsWith('node:')) return undefined
  return to
    .split('/')
    .slice(0, to.startsWith('@') ? 2 : 1)
    .join('/')
}
