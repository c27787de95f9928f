/**
 * Starts the server as the README says, waits until it is ready, asks whether it is healthy, starts it a second time on
 * the same data, and ends it with Ctrl-C each time. Plain JavaScript, because it runs on whatever Node the machine has.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { get } from 'node:https'
import { createInterface } from 'node:readline'

const [data] = process.argv.slice(2)
if (data === undefined) throw new Error('usage: node tools/started.js DATA-FOLDER')

const healthy = (port, ca) =>
  new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port,
      path: '/.cardea/ready',
      servername: 'demo.vault.cardea.internal',
      ca,
      headers: { host: 'demo.vault.cardea.internal' },
    }
    get(options, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    }).on('error', reject)
  })

/** npm and the server that it began are a group of processes; if something went wrong, both are still there. */
function endAll(npm) {
  try {
    process.kill(-npm.pid, 'SIGKILL')
  } catch {
    // It ended, as it should.
  }
}

for (const time of ['first', 'second']) {
  const began = performance.now()
  const words = ['start', '--', '--json', '--data', data, '--port', '0', '--proxy-port', '0']
  const server = spawn('npm', ['--silent', ...words], { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  const ended = new Promise((resolve) => server.once('exit', resolve))
  try {
    let ready
    for await (const line of createInterface({ input: server.stdout })) {
      if (!line.startsWith('{')) continue
      ready = JSON.parse(line)
      break
    }
    if (ready?.ready !== true) throw new Error(`the ${time} start did not become ready`)
    const status = await healthy(ready.port, readFileSync(`${data}/tls/ca.pem`))
    if (status !== 200) throw new Error(`the ${time} start answers ${status}`)
    process.kill(ready.pid, 'SIGINT')
    const code = await ended
    if (code !== 0) throw new Error(`the ${time} start ended with ${code}`)
  } finally {
    endAll(server)
  }
  console.log(`the ${time} start was ready after ${Math.round(performance.now() - began)} ms and ended cleanly`)
}
