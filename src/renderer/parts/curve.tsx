import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { axisTop, CURVE_LENGTH, lastSamples, reduce } from '../text/curve.ts';

export interface CurveProps {
  /** Bytes a second, one sample a second, the newest last. */
  readonly up: readonly number[];
  readonly down: readonly number[];
  /** What it shows, in words. */
  readonly label: string;
  readonly rate: (perSecond: number) => string;
  /** Changes when the colours do: a canvas does not see style sheets. */
  readonly look: string;
}

const HEIGHT = 112;
/** Room for the figures of the axis, in sizes of their text. */
const AXIS = 5.5;
/** Pixels between two points, at least. */
const POINT = 3;

/** Two curves of throughput. Drawn on a canvas when a sample comes, and at no other time. */
export function Curve({ up, down, label, rate, look }: CurveProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const data = (): uPlot.AlignedData => dataFor(up, down, plot.current?.width ?? 360);

  // Made anew with new colours or another language's figures, which `look` stands for.
  useLayoutEffect(() => {
    const element = host.current;
    if (element === null) return;
    const made = new uPlot(options(element, rate), dataFor(up, down, element.clientWidth), element);
    plot.current = made;
    const observer = new ResizeObserver(() => {
      made.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [look]);
  useEffect(() => plot.current?.setData(data()), [up, down]);

  return <div class="curve" role="img" aria-label={label} ref={host} />;
}

function dataFor(up: readonly number[], down: readonly number[], width: number): uPlot.AlignedData {
  const points = Math.min(CURVE_LENGTH, Math.max(20, Math.floor((width - AXIS * textSize()) / POINT)));
  const series = [up, down].map((samples) => reduce(lastSamples(samples, CURVE_LENGTH), points));
  const [first = [], second = []] = series;
  return [first.map((_, place) => place), first, second];
}

/** Pixels; a canvas does not follow the size that somebody chose for text by itself. */
function textSize(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) * 0.75;
}

function options(element: HTMLElement, rate: (perSecond: number) => string): uPlot.Options {
  const style = getComputedStyle(element);
  const size = textSize();
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const line = (name: string): uPlot.Series => ({
    stroke: colour(`--${name}`),
    fill: colour(`--${name}-soft`),
    width: 1.75,
    points: { show: false },
  });
  return {
    width: Math.max(1, element.clientWidth),
    height: HEIGHT,
    padding: [8, 0, 4, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false },
      y: { range: (self) => [0, axisTop(...self.data.slice(1).map((series) => [...series].map((v) => v ?? null)))] },
    },
    axes: [
      { show: false },
      {
        side: 1,
        size: AXIS * size,
        gap: 6,
        stroke: colour('--text-2'),
        font: `${size}px ${style.fontFamily}`,
        grid: { stroke: colour('--line'), width: 1 },
        ticks: { show: false },
        splits: (_self, _axis, least, most) => [least, most / 2, most],
        values: (_self, splits) => splits.map((value) => (value === 0 ? '0' : rate(value))),
      },
    ],
    series: [{}, line('curve-up'), line('curve-down')],
  };
}
