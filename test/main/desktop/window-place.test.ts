import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstSize, fitPlace, parsePlace } from '../../../src/main/desktop/window-place.ts';

const SCREEN = { x: 0, y: 0, width: 1920, height: 1080 };
const LEFT = { x: -1280, y: 0, width: 1280, height: 1024 };
const PLACE = { x: 100, y: 100, width: 420, height: 640 };

describe('the place of the window', () => {
  it('is kept where it can be seen, on whichever display', () => {
    expect(fitPlace(PLACE, [SCREEN])).toEqual(PLACE);
    expect(fitPlace({ ...PLACE, x: -700 }, [SCREEN, LEFT])).toEqual({ ...PLACE, x: -700 });
  });

  it('is forgotten when its display is gone, or its title bar out of reach', () => {
    expect(fitPlace({ ...PLACE, x: -700 }, [SCREEN])).toBeUndefined();
    expect(fitPlace({ ...PLACE, y: -30 }, [SCREEN])).toBeUndefined();
    expect(fitPlace({ ...PLACE, y: 1060 }, [SCREEN])).toBeUndefined();
    expect(fitPlace(undefined, [SCREEN])).toBeUndefined();
  });

  it('is no larger than the display, and no smaller than what is drawn', () => {
    expect(fitPlace({ ...PLACE, width: 5000, height: 9000 }, [SCREEN])).toMatchObject({ width: 1920, height: 1080 });
    expect(fitPlace({ ...PLACE, width: 10, height: 10 }, [{ ...SCREEN, x: -200 }])).toBeUndefined();
    expect(fitPlace({ ...PLACE, width: 200, height: 10 }, [SCREEN])).toMatchObject({ width: 360, height: 480 });
  });

  it('can always be grasped afterwards', () => {
    const number = fc.integer({ min: -5000, max: 5000 });
    const size = fc.integer({ min: 1, max: 6000 });
    const place = fc.record({ x: number, y: number, width: size, height: size });
    fc.assert(
      fc.property(place, (one) => {
        const fitted = fitPlace(one, [SCREEN, LEFT]);
        if (fitted === undefined) return;
        const reachable = [SCREEN, LEFT].some(
          (area) =>
            fitted.y >= area.y &&
            fitted.y < area.y + area.height &&
            fitted.x < area.x + area.width &&
            fitted.x + fitted.width > area.x,
        );
        expect(reachable).toBe(true);
      }),
    );
  });

  it('is read with care', () => {
    expect(parsePlace({ ...PLACE, extra: 1 })).toEqual({ ...PLACE, maximised: false });
    expect(parsePlace({ ...PLACE, maximised: true })).toEqual({ ...PLACE, maximised: true });
    for (const bad of [null, 7, 'x', {}, { ...PLACE, x: 1.5 }, { ...PLACE, y: '1' }, { ...PLACE, width: Number.NaN }])
      expect(parsePlace(bad)).toBeUndefined();
  });

  it('begins on a display of any size with one that can be drawn', () => {
    expect(firstSize([SCREEN, LEFT])).toEqual({ width: 420, height: 640 });
    expect(firstSize([SCREEN, { ...LEFT, height: 550 }])).toEqual({ width: 420, height: 550 });
    expect(firstSize([{ x: 0, y: 0, width: 200, height: 100 }])).toEqual({ width: 360, height: 480 });
    expect(firstSize([])).toEqual({ width: 420, height: 640 });
  });
});
