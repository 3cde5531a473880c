/** A process that does nothing: how late its event loop is says what the machine, rather than the program beside it, keeps waiting. */
import { Delay } from './delay.ts';

const delay = new Delay();
process.on('message', (command: 'begin' | 'end') => {
  if (command === 'begin') delay.begin();
  process.send?.(command === 'end' ? delay.end() : {});
});
process.send?.({});
