import { type Law, must } from '../law.js';

/** What may be kept when everyone has left; all else must be nothing. */
const allowed: Readonly<Record<string, number>> = {
  /** Trimming and sweeping go on. */
  schedule: 2,
  /** Buckets that are not full again yet: a few for each user and address. */
  limiter: 60,
};

/** When everyone has left, nothing of them is kept in memory. */
export const memory = (): Law => ({
  see(item) {
    if (item.kind !== 'sizes') return;
    for (const [name, size] of Object.entries(item.sizes)) {
      const kept = () => `${size} entries are left in ${name}`;
      must('memory is bounded', size <= (allowed[name] ?? 0), kept, item);
    }
  },
});
