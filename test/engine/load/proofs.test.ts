import { describe, expect, it } from 'vitest';
import type { PieceProof } from '../../../src/engine/content/signature.ts';
import { ProofBook } from '../../../src/engine/load/proofs.ts';

const proof = (name: string): PieceProof => ({ key: 'k', sha256: name, signature: 's' });

describe('the book of proofs', () => {
  it('gives back what was recorded, by revision and index', () => {
    const book = new ProofBook();
    book.record('a', 0, proof('a0'));
    book.record('a', 1, proof('a1'));
    book.record('b', 0, proof('b0'));
    expect(book.get('a', 1)).toEqual(proof('a1'));
    expect(book.get('b', 0)).toEqual(proof('b0'));
    expect(book.get('b', 1)).toBeUndefined();
    expect(book.get('c', 0)).toBeUndefined();
  });

  it('counts a piece once, however often it comes', () => {
    const book = new ProofBook();
    for (let i = 0; i < 5; i++) book.record('a', 0, proof('a0'));
    expect(book.size).toBe(1);
  });

  it('never has more than it may, and forgets the revision that was used least recently', () => {
    const book = new ProofBook({ max: 10 });
    for (let i = 0; i < 4; i++) book.record('a', i, proof(`a${i}`));
    for (let i = 0; i < 4; i++) book.record('b', i, proof(`b${i}`));
    book.get('a', 0);
    for (let i = 0; i < 4; i++) book.record('c', i, proof(`c${i}`));
    expect(book.size).toBe(8);
    expect(book.get('b', 0)).toBeUndefined();
    expect(book.get('a', 3)).toEqual(proof('a3'));
    expect(book.get('c', 3)).toEqual(proof('c3'));
  });

  it('keeps the latest of a revision that alone has more than all may', () => {
    const book = new ProofBook({ max: 10 });
    for (let i = 0; i < 1000; i++) {
      book.record('huge', i, proof(`h${i}`));
      expect(book.size).toBeLessThanOrEqual(10);
    }
    expect(book.get('huge', 999)).toEqual(proof('h999'));
    expect(book.get('huge', 0)).toBeUndefined();
  });
});
