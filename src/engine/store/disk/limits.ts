/** Positions in a segment are multiples of this many bytes, so that 23 bits name any place in 128 MiB. */
export const ALIGN = 16;

/** The largest segment, in bytes. */
export const SEGMENT_MOST = 128 * 1024 * 1024;

/** A grant is cut into at least this many segments, so that the oldest one is never much of what there is. */
export const SEGMENTS_LEAST = 8;

/** Bytes that one checksum covers, so that a range of a large body can be checked without the rest. */
export const BLOCK = 64 * 1024;

/** What is appended is collected in buffers of this size: a piece of a mebibyte with what belongs to it, or many small objects. */
export const CHUNK = 1024 * 1024 + BLOCK;

/** The most that may wait to be written, in bytes; beyond it pieces are not kept on disk and PUTs wait. */
export const BACKLOG_MOST = 32 * 1024 * 1024;

/** Milliseconds after which what was written is on the disk (fdatasync), at the latest. */
export const FLUSH_INTERVAL = 1000;

/** Milliseconds that the sweep takes to pass the whole index: well below the minute that is promised. */
export const SWEEP_PERIOD = 40_000;

/** Milliseconds between the steps of a sweep. */
export const SWEEP_STEP = 500;

/** Milliseconds of scanning before others get a turn on the event loop. */
export const SCAN_SLICE = 3;

/** Milliseconds between looks whether a full disk has room again. */
export const ROOM_INTERVAL = 2000;

/** Records up to this size are read in one go, header and body together. */
export const SMALL_RECORD = 72 * 1024;

/** The most headers and the like that are kept beside a body, in bytes. */
export const SIDE_MOST = 64 * 1024;

/** Files of the disk tier that are kept open at most, those in use not counted. */
export const OPEN_FILES = 256;

/** Deletions that a full disk refused and that are written as soon as it has room. */
export const OWED_MOST = 65_536;
