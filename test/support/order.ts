import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * What takes long, the longest first; many of these files only name what stands elsewhere, so their size says nothing. The caps are held against
 * the clock: they come when browsers and builds are through.
 */
const LONG = [
  /e2e\/desktop\//,
  /renderer\/every-view/,
  /e2e\/(?!caps)/,
  /packaging\/packed/,
  /main\/desktop\//,
  /renderer\//,
  /e2e\/caps/,
  /engine\/(store|load)\//,
];

/** The long files first, so that none of them is left alone at the end; always the same, whatever ran before. */
export class LongFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const order = ({ moduleId }: TestSpecification) => {
      const place = LONG.findIndex((what) => what.test(moduleId.slice(moduleId.lastIndexOf('/test/'))));
      return place < 0 ? LONG.length : place;
    };
    return Promise.resolve(files.toSorted((a, b) => order(a) - order(b) || (a.moduleId < b.moduleId ? -1 : 1)));
  }
}
