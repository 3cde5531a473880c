/** Where a window stands, in device-independent pixels. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What is remembered of it: where it stands when it does not fill the display, and whether it does. */
export interface KeptPlace extends Place {
  readonly maximised: boolean;
}

/** How large the window is at first, and at least. */
export const WINDOW_SIZE = { width: 420, height: 640, minWidth: 360, minHeight: 480 } as const;

/** So much of the window must lie on a display to be found and moved. */
const VISIBLE = { width: 120, height: 40 };

/** Reads a remembered place; undefined where it is none. */
export function parsePlace(value: unknown): KeptPlace | undefined {
  const { x, y, width, height, maximised } = Object(value) as Record<string, unknown>;
  const numbers = [x, y, width, height];
  if (!numbers.every((number): number is number => typeof number === 'number' && Number.isSafeInteger(number)))
    return undefined;
  const [left, top, wide, high] = numbers as [number, number, number, number];
  return { x: left, y: top, width: wide, height: high, maximised: maximised === true };
}

/** The size of a window that was never moved: no larger than the smallest display, whichever the system puts it on. */
export function firstSize(areas: readonly Place[]): Pick<Place, 'width' | 'height'> {
  const { width, height, minWidth, minHeight } = WINDOW_SIZE;
  return {
    width: Math.max(minWidth, Math.min(width, ...areas.map((area) => area.width))),
    height: Math.max(minHeight, Math.min(height, ...areas.map((area) => area.height))),
  };
}

/**
 * The remembered place, cut to fit a display that is there now; undefined where its display is gone: the system then chooses. The top of the
 * window, by which it is moved, must be visible.
 */
export function fitPlace(place: Place | undefined, areas: readonly Place[]): Place | undefined {
  if (place === undefined) return undefined;
  const area = areas.find((one) => {
    const wide = Math.min(place.x + place.width, one.x + one.width) - Math.max(place.x, one.x);
    const top = place.y >= one.y && place.y + VISIBLE.height <= one.y + one.height;
    return wide >= VISIBLE.width && top;
  });
  if (area === undefined) return undefined;
  const clamp = (value: number, least: number, most: number) => Math.max(least, Math.min(most, value));
  const width = clamp(place.width, WINDOW_SIZE.minWidth, Math.max(WINDOW_SIZE.minWidth, area.width));
  const height = clamp(place.height, WINDOW_SIZE.minHeight, Math.max(WINDOW_SIZE.minHeight, area.height));
  // One that was cut may otherwise end before the part of it that was visible.
  const x = clamp(place.x, area.x + VISIBLE.width - width, area.x + area.width - VISIBLE.width);
  return { x, y: place.y, width, height };
}
