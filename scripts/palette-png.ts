import { crc32, deflateSync, inflateSync } from 'node:zlib';

/** Flat pictures need few colours: 128 keep edges of letters smooth. At most 256. */
const COLOURS = 128;
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

interface Picture {
  readonly width: number;
  readonly height: number;
  /** 0xRRGGBB of each point, row by row. */
  readonly points: Uint32Array;
}

/**
 * Makes a PNG small: 128 colours at most, the most frequent ones, with every other point in the nearest of them. Takes what browsers write (8 bits,
 * RGB or RGBA, not interlaced; transparency is dropped); throws on anything else. PNG Specification, third edition, sections 9 to 11.
 */
export function paletteImage(png: Uint8Array): Buffer {
  const picture = decode(Buffer.from(png));
  const { palette, indices } = reduceColours(picture.points);
  return encode(picture, palette, indices);
}

function decode(png: Buffer): Picture {
  if (!png.subarray(0, 8).equals(SIGNATURE)) throw new Error('this is not a PNG');
  const data: Buffer[] = [];
  let header: Buffer | undefined;
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') header = body;
    if (type === 'IDAT') data.push(body);
    at += length + 12;
  }
  if (header === undefined) throw new Error('the PNG has no header');
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const samples = { 2: 3, 6: 4 }[header[9] ?? 0];
  if (header[8] !== 8 || samples === undefined || header[12] !== 0)
    throw new Error('the PNG is of a kind that no browser writes');
  const rows = unfilter(inflateSync(Buffer.concat(data)), width * samples, height, samples);
  const points = new Uint32Array(width * height);
  for (let point = 0; point < points.length; point++) points[point] = rows.readUIntBE(point * samples, 3);
  return { width, height, points };
}

/** Undoes the filter of each row (section 9.2). */
function unfilter(filtered: Buffer, stride: number, height: number, samples: number): Buffer {
  const rows = Buffer.alloc(stride * height);
  const at = (place: number) => rows[place] ?? 0;
  for (let y = 0; y < height; y++) {
    const filter = filtered[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const here = y * stride + x;
      const left = x < samples ? 0 : at(here - samples);
      const above = y === 0 ? 0 : at(here - stride);
      const corner = x < samples || y === 0 ? 0 : at(here - stride - samples);
      const guess = [0, left, above, (left + above) >> 1, paeth(left, above, corner)][filter ?? 0] ?? 0;
      rows[here] = (filtered[y * (stride + 1) + 1 + x] ?? 0) + guess;
    }
  }
  return rows;
}

function paeth(left: number, above: number, corner: number): number {
  const guess = left + above - corner;
  const [byLeft, byAbove, byCorner] = [left, above, corner].map((value) => Math.abs(guess - value)) as [
    number,
    number,
    number,
  ];
  if (byLeft <= byAbove && byLeft <= byCorner) return left;
  return byAbove <= byCorner ? above : corner;
}

function reduceColours(points: Uint32Array): { readonly palette: readonly number[]; readonly indices: Uint8Array } {
  const counts = new Map<number, number>();
  for (const point of points) counts.set(point, (counts.get(point) ?? 0) + 1);
  const frequent = [...counts].sort(([, one], [, other]) => other - one).map(([colour]) => colour);
  const palette = frequent.slice(0, COLOURS);
  const places = new Map(palette.map((colour, place) => [colour, place]));
  for (const colour of frequent.slice(COLOURS)) places.set(colour, nearest(colour, palette));
  return { palette, indices: Uint8Array.from(points, (point) => places.get(point) ?? 0) };
}

function nearest(colour: number, palette: readonly number[]): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [place, there] of palette.entries()) {
    const far =
      (((colour >> 16) & 255) - ((there >> 16) & 255)) ** 2 +
      (((colour >> 8) & 255) - ((there >> 8) & 255)) ** 2 +
      ((colour & 255) - (there & 255)) ** 2;
    if (far < least) [best, least] = [place, far];
  }
  return best;
}

function encode({ width, height }: Picture, palette: readonly number[], indices: Uint8Array): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  const colours = Buffer.alloc(palette.length * 3);
  for (const [place, colour] of palette.entries()) colours.writeUIntBE(colour, place * 3, 3);
  // Rows of indices are best left unfiltered (section 12.7).
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) rows.set(indices.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  const chunks = [chunk('IHDR', header), chunk('PLTE', colours), chunk('IDAT', deflateSync(rows, { level: 9 }))];
  return Buffer.concat([SIGNATURE, ...chunks, chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, body: Buffer): Buffer {
  const framed = Buffer.concat([Buffer.alloc(4), Buffer.from(type, 'latin1'), body, Buffer.alloc(4)]);
  framed.writeUInt32BE(body.length, 0);
  framed.writeUInt32BE(crc32(framed.subarray(4, -4)), framed.length - 4);
  return framed;
}
