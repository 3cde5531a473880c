import { PIECE_SIZE } from '../content/piece.ts';

/**
 * What an entry costs beside its body: record, names, places in the tables, and the buffer object, which is most of it.
 * Measured as resident memory per entry of 400,000 on Node 24, rounded up.
 */
export const ENTRY_COST = 1024;

/** What a meta costs beside its bytes: it is a buffer of its own. Measured likewise. */
export const META_COST = 448;

/** The most that may be stored beside a body, in bytes; a lease sets it aside until it is known. */
export const META_LIMIT = 4096;

/** Bodies above this size live in slabs, smaller ones in memory of their own. */
export const SLAB_THRESHOLD = 256 * 1024;

/** Bodies up to this size are sent in one go: readers of them need not wait for others to let go of memory. */
export const SMALL_BODY = 16 * 1024;

/** One piece with all that belongs to it, and a little. */
export const PIECE_SLOT = PIECE_SIZE + 16 * 1024;

/**
 * Memory to work with that exists even where nothing is granted for caching: a client's and a member's transfer can go on at the
 * same time, two pieces each.
 */
export const WORKING_MEMORY = 4 * PIECE_SLOT;

/** Share of the memory that only members can have. */
export const MEMBER_SHARE = 1 / 4;

/** Bytes per place in the recency table; it is allocated whole, so there is no place for every conceivable entry. */
export const BYTES_PER_PLACE = 2048;
