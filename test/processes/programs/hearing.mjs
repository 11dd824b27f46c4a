// Answers each change of `ping` by telling its value. Nothing but the bell wakes it: the looks in between are switched off.
// Argument: url.
import { openIn } from '../../../dist/open.js'

const store = await openIn({ lookEvery: Infinity }, process.argv[2], { durability: 'process' })
store.watch('ping', ({ after }) => process.send(after))
process.on('disconnect', () => process.exit())
process.send('ready')
