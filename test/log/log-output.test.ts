// The buffer in front of the log: never waits, loses the newest and says how many, and ends in time.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { createLogOutput, type LogOutput, type WriteFile } from '../../src/log/log-output.ts';

/** A descriptor whose writes end when the test says so. */
interface FakeDescriptor {
  readonly write: WriteFile;
  /** What has been taken so far. */
  readonly text: () => string;
  /** How many writes are under way; never more than one. */
  readonly underWay: () => number;
  /** Takes what is being written, or its first bytes. */
  readonly take: (bytes?: number) => void;
  readonly fail: (code: string) => void;
}

function fakeDescriptor(): FakeDescriptor {
  let text = '';
  const writes: { readonly data: Buffer; readonly done: Parameters<WriteFile>[5] }[] = [];
  const write: WriteFile = (fd, data, from, length, at, done) => {
    expect([fd, at]).toEqual([7, null]);
    writes.push({ data: data.subarray(from, from + length), done });
    expect(writes).toHaveLength(1);
  };
  return {
    write,
    text: () => text,
    underWay: () => writes.length,
    take: (bytes) => {
      const { data, done } = writes.shift()!;
      const taken = data.subarray(0, bytes);
      text += taken.toString('latin1');
      done(null, taken.length);
    },
    fail: (code) => {
      const { done } = writes.shift()!;
      done(Object.assign(new Error(code), { code }), 0);
    },
  };
}

const describeLoss = (lines: number): string => `lost ${lines}\n`;

describe('a log', () => {
  let fd: FakeDescriptor;
  let output: LogOutput;

  beforeEach(() => {
    vi.useFakeTimers();
    fd = fakeDescriptor();
    output = createLogOutput({ fd: 7, describeLoss, capacity: 30, write: fd.write });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is written in order, one write at a time, all that has come meanwhile at once', () => {
    output.write('one\n');
    output.write('two\n');
    output.write('three\n');
    expect(fd.underWay()).toBe(1);
    fd.take();
    expect(fd.text()).toBe('one\n');
    fd.take();
    expect(fd.text()).toBe('one\ntwo\nthree\n');
    expect(fd.underWay()).toBe(0);
    output.write('four\n');
    fd.take();
    expect(fd.text()).toBe('one\ntwo\nthree\nfour\n');
    expect(output.lost).toBe(0);
  });

  it('that is taken in pieces is whole', () => {
    output.write('0123456789\n');
    for (const bytes of [1, 3, 0, 5]) fd.take(bytes);
    fd.take();
    expect(fd.text()).toBe('0123456789\n');
    expect(fd.underWay()).toBe(0);
  });

  it('that nobody takes loses what does not fit, and says how much where it would have been', () => {
    output.write('under way\n');
    const lines = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => `${letter.repeat(9)}\n`);
    for (const line of lines) output.write(line);
    expect(output.lost).toBe(3);
    fd.take();
    output.write('later\n');
    while (fd.underWay() > 0) fd.take();
    expect(fd.text()).toBe(`under way\n${lines.slice(0, 3).join('')}lost 3\nlater\n`);
    output.write('more\n');
    fd.take();
    expect(fd.text().endsWith('later\nmore\n')).toBe(true);
    expect(output.lost).toBe(3);
  });

  it('that is lost again is counted from the last time on', () => {
    for (let round = 1; round <= 2; round += 1) {
      output.write('under way\n');
      for (let count = 0; count < 5; count += 1) output.write('0123456789\n');
      while (fd.underWay() > 0) fd.take();
    }
    expect(fd.text().match(/lost \d/g)).toEqual(['lost 3', 'lost 3']);
    expect(output.lost).toBe(6);
  });

  it('has a line that is longer than the buffer counted as lost', () => {
    output.write('x'.repeat(31));
    expect(output.lost).toBe(1);
  });

  it.each([
    ['EAGAIN', 50],
    ['ENOSPC', 1000],
    ['EPIPE', 1000],
  ])('is tried again after %s', (code, pause) => {
    output.write('one\n');
    fd.take(1);
    fd.fail(code);
    output.write('two\n');
    expect(fd.underWay()).toBe(0);
    vi.advanceTimersByTime(pause - 1);
    expect(fd.underWay()).toBe(0);
    vi.advanceTimersByTime(1);
    fd.take();
    fd.take();
    expect(fd.text()).toBe('one\ntwo\n');
    expect(output.lost).toBe(0);
  });

  describe('at the end', () => {
    it('is done when there is nothing', async () => {
      expect(await output.flush(1000)).toBe(true);
    });

    it('is done when all is taken', async () => {
      output.write('one\n');
      output.write('two\n');
      const flushed = output.flush(1000);
      fd.take();
      fd.take();
      expect(await flushed).toBe(true);
    });

    it('is not waited for any longer than that', async () => {
      output.write('one\n');
      const flushed = output.flush(1000);
      vi.advanceTimersByTime(1000);
      expect(await flushed).toBe(false);
    });

    it('is tried once more at once after an error, and given up after the next', async () => {
      output.write('one\n');
      fd.fail('ENOSPC');
      const flushed = output.flush(1000);
      fd.fail('ENOSPC');
      expect(await flushed).toBe(false);
      const again = output.flush(1000);
      fd.take();
      expect(await again).toBe(true);
      expect(fd.text()).toBe('one\n');
      vi.advanceTimersByTime(5000);
      expect(fd.underWay()).toBe(0);
    });
  });
});

it('writes to a file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pgtoken-log-output-'));
  try {
    const fd = openSync(join(folder, 'log'), 'w');
    const output = createLogOutput({ fd, describeLoss });
    const lines = Array.from({ length: 5000 }, (_, count) => `${'line '.repeat(20)}${count}\n`);
    for (const line of lines) output.write(line);
    expect(await output.flush(60_000)).toBe(true);
    closeSync(fd);
    expect(readFileSync(join(folder, 'log'), 'utf8')).toBe(lines.join(''));
    expect(output.lost).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
