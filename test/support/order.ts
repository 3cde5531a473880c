import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes long, the longest first; many of these files only name what stands elsewhere, so their size says nothing. */
const LONG = [
  'test/e2e/desktop/',
  'test/renderer/every-view',
  'test/e2e/',
  'test/packaging/packed',
  'test/main/desktop/',
  'test/renderer/',
  'test/engine/store/',
  'test/engine/load/',
];

/** The long files first, so that none of them is left alone at the end; always the same, whatever ran before. */
export class LongFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const order = ({ moduleId }: TestSpecification) => {
      const place = LONG.findIndex((start) => moduleId.includes(`/${start}`));
      return place < 0 ? LONG.length : place;
    };
    return Promise.resolve(files.toSorted((a, b) => order(a) - order(b) || (a.moduleId < b.moduleId ? -1 : 1)));
  }
}
