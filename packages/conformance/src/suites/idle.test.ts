import { expect } from 'vitest';
import { opcodes } from '../frame-codec.js';
import { onTargets } from '../suite.js';

const idle = { AIDEALS_IDLE_SECONDS: '2', AIDEALS_HEARTBEAT_SECONDS: '1' };

onTargets('Idle connections', { env: idle, concurrent: true }, (bench, check) => {
  check('[LIMIT-9][CLOSE-11] a silent connection is closed with 4009, though it answers the heartbeat', async () => {
    const session = await bench.openSettled();
    expect(await session.closing()).toMatchObject({ code: 4009 });
    expect(session.raw.frames.some((frame) => frame.opcode === opcodes.ping)).toBe(true);
  });

  check('[LIMIT-9] pings of the client, its frames and pushes to it each keep a connection open', async () => {
    const topic = bench.topic();
    const silent = await bench.openSettled();
    const pinging = await bench.openSettled();
    const asking = await bench.openSettled();
    const listening = await bench.openSettled();
    await listening.ask('subscribeToDeals', { topic });
    // The server's own heartbeat beats the time: once a second each does its one thing.
    for (let beat = 0; beat < 5; beat += 1) {
      await pinging.raw.frameOf(opcodes.ping, beat);
      pinging.raw.send({ opcode: opcodes.ping });
      asking.send('nothing');
      await bench.publish(topic, { beat });
    }
    expect(await silent.closing(1000)).toMatchObject({ code: 4009 });
    for (const session of [pinging, asking, listening]) expect((await session.ask('ping')).type).toBe('pong');
  });
});

const gone = { AIDEALS_HEARTBEAT_SECONDS: '1', AIDEALS_GONE_SECONDS: '2' };

onTargets('Connections that are gone', { env: gone, concurrent: true }, (bench, check) => {
  check('[LIMIT-10] a connection from which no byte comes is given up, and its user is away', async () => {
    const deaf = await bench.openSettled();
    deaf.raw.answerPings = false;
    const hearing = await bench.openSettled();
    await deaf.closing();
    const sender = await bench.openSettled();
    const sent = await sender.ask('sendMessage', { recipientId: deaf.userId, content: 'x' });
    expect(sent.data['status']).toBe('stored');
    expect((await hearing.ask('ping')).type).toBe('pong');
    expect(hearing.raw.frames.filter((frame) => frame.opcode === opcodes.ping).length).toBeGreaterThanOrEqual(2);
  });
});
