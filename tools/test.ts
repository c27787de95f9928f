import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { installMissing } from './debian.ts'

/**
 * Runs every test: `npm test`, or `npm test -- server/base` for those under a path. Installs the servers that the tests
 * start from Debian's packages where it may (root on Debian); elsewhere those tests are skipped by name, with the reason,
 * and under `CI=true` a skip is a failure.
 */
const root = join(import.meta.dirname, '..')
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('-'))
const options = process.argv.slice(2).filter((argument) => argument.startsWith('-'))

installMissing()
const files = globSync('{contract,server,providers,client,cli,conformance,bench,tools}/**/*.test.ts', {
  cwd: root,
  exclude: (name) => name === 'node_modules',
})
  .filter((file) => asked.length === 0 || asked.some((part) => file.startsWith(part)))
  .sort()
if (files.length === 0) {
  console.error(`No test lies under ${asked.join(', ')}.`)
  process.exit(2)
}
const reporters = ['--test-reporter=./tools/reporter.ts', '--test-reporter-destination=stdout']
const { status } = spawnSync(
  process.execPath,
  ['--test', '--test-concurrency=2', '--test-timeout=600000', ...reporters, ...options, ...files],
  { cwd: root, stdio: 'inherit' },
)
process.exit(status ?? 1)
