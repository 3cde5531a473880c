import { processIo } from '../../../src/main/cli/process.ts';

// A program that says how it is interrupted; it ends when its standard input does.
const { interruptions } = processIo();
interruptions.onStop((cold) => console.log(cold ? 'cold' : 'warm'));
interruptions.onReload(() => console.log('reload'));
process.stdin.on('end', () => process.exit(0)).resume();
setTimeout(() => process.exit(3), 30_000);
console.log('ready');
