import { describe, expect, it } from 'vitest';
import { choose } from '../../../src/engine/discovery/choose.ts';
import { found } from './managers.ts';

const open = found('open');
const other = found('other');
const closed = found('closed', { tokenRequired: true });
const vault = found('vault', { tokenRequired: true });
const old = found('old', { protocol: 0 });

describe('a peer without --upstream', () => {
  it('takes the manager that it joined before, whatever else there is', () => {
    const wanted = { pinned: vault.fingerprint, token: false };
    expect(choose(wanted, [open, closed, vault])).toEqual({ candidates: [vault] });
    expect(choose({ pinned: old.fingerprint, token: true }, [old, closed]).candidates).toEqual([old]);
    expect(choose(wanted, [open]).candidates).toEqual([open]);
  });

  it('with a join token tries those that ask for one, and never an open one', () => {
    expect(choose({ token: true }, [open, closed, vault]).candidates).toEqual([closed, vault]);
    const none = choose({ token: true }, [open]);
    expect(none.candidates).toEqual([]);
    expect(none.reason).toMatch(/^none of them asks for a join token; .*seen: open /);
  });

  it('takes the only open one', () => {
    expect(choose({ token: false }, [closed, open, old]).candidates).toEqual([open]);
  });

  it('else joins nobody and says what it saw', () => {
    const several = choose({ token: false }, [open, other]);
    expect(several.candidates).toEqual([]);
    for (const { name, url, fingerprint } of [open, other]) {
      expect(several.reason).toContain(`${name} ${url} (${fingerprint.slice(0, 8)})`);
    }
    expect(several.reason).not.toContain('\n');
    expect(choose({ token: false }, [closed]).reason).toMatch(/^each asks for a join token/);
    expect(choose({ token: false }, [old]).reason).toMatch(/^none speaks this version/);
    expect(choose({ token: false }, []).reason).toMatch(/^none was seen/);
  });
});
