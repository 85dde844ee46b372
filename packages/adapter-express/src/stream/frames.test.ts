import { describe, expect, it } from 'vitest'
import { frame, frameCache } from './frames.ts'

describe('frames', () => {
  it('are one event each, whatever the data holds', () => {
    const text = frame({ id: 7, event: 'check', data: { message: 'a\r\n\nid: 9\n\n' } }).toString()
    expect(text).toBe('id: 7\nevent: check\ndata: {"message":"a\\r\\n\\nid: 9\\n\\n"}\n\n')
    expect(frame({ event: 'error', data: null }).toString()).toBe('event: error\ndata: null\n\n')
  })

  it('are made once per event of a scan', () => {
    const cache = frameCache()
    let made = 0
    const make = () => Buffer.from(String(++made))
    const seen = ['a/1', 'a/1', 'b/1', 'a/2', 'a/1'].map((key) => {
      const [scanId = '', sequence] = key.split('/')
      return cache.of({ scanId, sequence: Number(sequence) }, make).toString()
    })
    expect([seen, made]).toEqual([['1', '1', '2', '3', '1'], 3])
  })

  it('are kept within bounds: the oldest goes, and a large one is not kept', () => {
    const cache = frameCache({ frames: 2, bytesPerFrame: 4 })
    let made = 0
    const get = (sequence: number, text = 'x') =>
      cache.of({ scanId: 'a', sequence }, () => {
        made++
        return Buffer.from(text)
      })
    for (const sequence of [1, 2, 3, 3, 2]) get(sequence)
    expect(made).toBe(3)
    get(1)
    expect(made).toBe(4)
    get(9, 'large')
    get(9, 'large')
    expect(made).toBe(6)
  })
})
