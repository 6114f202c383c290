import type { Outcome } from '@aideals/core';
import { describe, expect, it } from 'vitest';
import { answerOutcome } from './outcome.js';

const reply = { text: 'reply' };
const push = (...to: string[]) => ({ to, frame: { text: `push to ${to.join(' and ')}` } });
const posted = (connectionId: string, text: string) => ({ connectionId, text });

describe('an outcome', () => {
  it('has its reply as the body where the connection hears nothing else', () => {
    expect(answerOutcome('me', { reply })).toEqual({ result: { statusCode: 200, body: 'reply' }, posts: [] });
    expect(answerOutcome('me', { reply, record: { expired: false } })).toMatchObject({ result: { body: 'reply' } });
  });

  it('keeps the reply as the body beside pushes to others', () => {
    expect(answerOutcome('me', { reply, pushes: [push('you', 'them')] })).toEqual({
      result: { statusCode: 200, body: 'reply' },
      posts: [posted('you', 'push to you and them'), posted('them', 'push to you and them')],
    });
  });

  it.each<[string, Outcome]>([
    ['a push to the connection', { reply, pushes: [push('you', 'me')] }],
    ['pages that follow', { reply, pushes: [push('you')], next: [{ kind: 'handover', after: '' }] }],
    ['a close', { reply, close: { code: 4029 } }],
  ])('posts the reply first before %s', (_title, outcome) => {
    const { result, posts } = answerOutcome('me', outcome);
    expect(result).toEqual({ statusCode: 200 });
    expect(posts[0]).toEqual(posted('me', 'reply'));
    expect(posts).toHaveLength(1 + (outcome.pushes ?? []).flatMap(({ to }) => to).length);
  });

  it('says nothing where there is nothing to say', () => {
    expect(answerOutcome('me', {})).toEqual({ result: { statusCode: 200 }, posts: [] });
    expect(answerOutcome('me', { pushes: [push('me')] })).toEqual({
      result: { statusCode: 200 },
      posts: [posted('me', 'push to me')],
    });
  });
});
