import { describe, expect, test } from 'vitest'
import { defaultFrameLimits, FrameReader, OutputLimitError } from './frame-reader.ts'

const nonce = 'AAAABBBBCCCCDDDD'
const reader = (limits: Partial<typeof defaultFrameLimits> = {}, keepEvidence = true) =>
  new FrameReader({ nonce, limits: { ...defaultFrameLimits, ...limits }, keepEvidence })

/** The same numbers on each run. */
function randomOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

describe('reading frames', () => {
  test('F-44 R-47 R-48 10,000 frames between random noise, cut into random chunks: none is lost, none invented', () => {
    const random = randomOf(42)
    const noises = [
      '',
      'WARNING: hm\n',
      '\u001b[31mred\u001b[0m',
      'x'.repeat(300),
      '\u001e',
      `\u001e${nonce}`,
      `\u001e${nonce}x {"t":"log","seq":1}\n`,
    ]
    noises.push(
      `\u001e${nonce} {"t":"log","seq":`,
      `\u001e${nonce} [1]\n`,
      '\ufeff',
      'ü€😀\r\n',
      `${nonce} {"t":"log","seq":5}\n`,
    )
    const parts: Buffer[] = []
    for (let seq = 1; seq <= 10_000; seq++) {
      const bytes = Buffer.from(noises[random(noises.length)] ?? '')
      parts.push(random(4) === 0 ? Buffer.concat([bytes, Buffer.from([0xff, 0xfe, random(256) | 0x80])]) : bytes)
      const message = 'mü€'.repeat(random(30))
      parts.push(
        Buffer.from(`\u001e${nonce} ${JSON.stringify({ t: 'log', seq, message })}${random(2) ? '\r\n' : '\n'}`),
      )
    }
    const all = Buffer.concat(parts)
    const subject = reader()
    const seen: number[] = []
    for (let at = 0; at < all.length; ) {
      const end = Math.min(all.length, at + 1 + random(random(3) === 0 ? 5 : 4000))
      for (const { frame } of subject.feed(all.subarray(at, end))) seen.push(frame.seq)
      at = end
    }
    expect(seen).toEqual(Array.from({ length: 10_000 }, (_, index) => index + 1))
    expect(subject.counts.torn).toBeGreaterThan(0)
    expect(subject.counts.foreign).toBeGreaterThan(0)
  })

  test('a frame that the end of the stream cuts off is torn', () => {
    const subject = reader()
    expect([...subject.feed(Buffer.from(`\u001e${nonce} {"t":"log","seq":1}`))]).toEqual([])
    subject.end()
    expect(subject.counts.torn).toBe(1)
  })

  test.each([
    ['a noise line', { lineBytes: 100 }, () => 'x'.repeat(101)],
    ['a noise line over many chunks', { lineBytes: 100 }, () => `${'x'.repeat(60)}|${'x'.repeat(60)}`],
    [
      'a frame that is no evidence',
      { lineBytes: 100 },
      () => `\u001e${nonce} {"t":"log","seq":1,"message":"${'x'.repeat(100)}"}\n`,
    ],
    ['evidence', { evidenceBytes: 100 }, () => `\u001e${nonce} {"t":"evidence","seq":1,"data":"${'x'.repeat(100)}"}`],
    ['all noise', { totalBytes: 100 }, () => 'xxxxxxxxx\n'.repeat(11)],
    [
      'all evidence',
      { evidenceTotalBytes: 100 },
      () => `\u001e${nonce} {"t":"evidence","seq":1,"data":""}\n`.repeat(3),
    ],
  ])('%s that is too long ends the reading', (_, limits, text) => {
    const subject = reader(limits)
    expect(() => {
      for (const chunk of text().split('|')) for (const _frame of subject.feed(Buffer.from(chunk)));
    }).toThrow(OutputLimitError)
  })

  test('where no evidence is expected, no frame is longer than a line', () => {
    const subject = reader({ lineBytes: 100 }, false)
    expect(() => [
      ...subject.feed(Buffer.from(`\u001e${nonce} {"t":"evidence","seq":1,"data":"${'x'.repeat(100)}`)),
    ]).toThrow(OutputLimitError)
  })

  test('a foreign nonce is noise from its first bytes on: it cannot fill memory', () => {
    const subject = reader({ lineBytes: 100 })
    expect(() => [...subject.feed(Buffer.from(`\u001eXXXXBBBBCCCCDDDD ${'x'.repeat(100)}`))]).toThrow(
      'a line of more than 100 bytes',
    )
  })
})
