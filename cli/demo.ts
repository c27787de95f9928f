import { command, data, type ExitCode, Misuse, Refusal } from './command.ts'

export default command({
  name: 'demo',
  says: 'Rotates a database credential under load, and shows that no request fails.',
  more: [
    'Starts a Cardea that keeps nothing, a throw-away PostgreSQL if one is installed, and some instances of a small web',
    'application that finds its credential through a setting; puts load on them; rotates. All of it goes at the end.',
  ].join('\n'),
  takes: {},
  options: {
    rotations: { type: 'string', value: 'COUNT', says: 'how many rotations (default 5)' },
    instances: { type: 'string', value: 'COUNT', says: 'how many instances of the application (default 3)' },
    rate: { type: 'string', value: 'COUNT', says: 'requests a second to each instance (default 100)' },
    'built-in': { type: 'boolean', says: 'use the small target inside the demo, even where PostgreSQL is installed' },
    data: { ...data, says: 'use the Cardea that runs on this data folder, instead of one of its own' },
    json: { type: 'boolean', says: 'the figures as one JSON line at the end; what happens goes to standard error' },
  },
  examples: ['cardea demo', 'cardea demo --rotations 100 --json'],
  async run(given, world): Promise<ExitCode> {
    const play = {
      rotations: count('--rotations', given.rotations ?? '5', 1_000),
      instances: count('--instances', given.instances ?? '3', 20),
      perSecond: count('--rate', given.rate ?? '100', 1_000),
      builtIn: given['built-in'],
      data: given.data,
      json: given.json,
    }
    const stop = world.stopping()
    const { perform } = await import('./demo/play.ts')
    try {
      return await perform(play, world, stop)
    } catch (error) {
      if (stop.aborted) throw new Refusal('stopped', 'Stopped. Everything that the demo had started is gone.')
      throw error
    }
  },
})

function count(option: string, text: string, most: number): number {
  const number = Number(text)
  if (!/^\d+$/.test(text) || number < 1 || number > most)
    throw new Misuse(`${option} must be a number from 1 to ${most}.`)
  return number
}
