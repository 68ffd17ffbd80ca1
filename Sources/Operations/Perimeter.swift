import Foundation
import Raster

extension BitGrid {
    /// Foreground pixels with a background pixel among their four neighbours. Needs a margin of 1.
    func border() -> BitGrid {
        var result = BitGrid(like: self)
        words.withUnsafeBufferPointer { source in
            result.words.withUnsafeMutableBufferPointer { target in
                for row in 1..<(height - 1) {
                    let above = BitRow(source.baseAddress! + (row - 1) * stride, stride)
                    let middle = BitRow(source.baseAddress! + row * stride, stride)
                    let below = BitRow(source.baseAddress! + (row + 1) * stride, stride)
                    for word in 0..<stride {
                        let pixels = middle[word]
                        if pixels == 0 { continue }
                        let inner = above[word] & below[word] & middle.leftNeighbours(word) & middle.rightNeighbours(word)
                        target[row * stride + word] = pixels & ~inner
                    }
                }
            }
        }
        return result
    }

    /// Length of the border by Benkrid & Crookes' estimator. Needs a margin of 1.
    ///
    /// Border pixels with two or three border pixels among their 4-neighbours and at most two at corners count 1; those that
    /// only go on diagonally √2; those that go on straight at one end and diagonally at the other (1 + √2)/2.
    func perimeter() -> Double {
        let border = border()
        var (straight, diagonal, mixed) = (0, 0, 0)
        border.words.withUnsafeBufferPointer { words in
            for row in 1..<(height - 1) {
                let above = BitRow(words.baseAddress! + (row - 1) * stride, stride)
                let middle = BitRow(words.baseAddress! + row * stride, stride)
                let below = BitRow(words.baseAddress! + (row + 1) * stride, stride)
                for word in 0..<stride {
                    let pixels = middle[word]
                    if pixels == 0 { continue }
                    let edge = BitSum(above[word], below[word], middle.leftNeighbours(word), middle.rightNeighbours(word))
                    let corner = BitSum(
                        above.leftNeighbours(word), above.rightNeighbours(word), below.leftNeighbours(word), below.rightNeighbours(word))
                    straight += (pixels & edge.twos & ~corner.fours & ~(corner.ones & corner.twos)).nonzeroBitCount
                    let one = edge.ones & ~edge.twos
                    let none = ~(edge.ones | edge.twos | edge.fours)
                    diagonal += (pixels & (none & corner.twos & ~corner.ones | one & corner.twos & corner.ones)).nonzeroBitCount
                    mixed += (pixels & one & (corner.ones ^ corner.twos)).nonzeroBitCount
                }
            }
        }
        return Double(straight) + Double(diagonal) * 2.0.squareRoot() + Double(mixed) * (1 + 2.0.squareRoot()) / 2
    }

    /// Length of the outline by the Crofton formula with four directions. Needs a margin of 1.
    func croftonPerimeter() -> Double {
        // How often each kind of 2 × 2 neighbourhood occurs; p = the pixel, q above it, s left of it, t above left.
        var (a, b, c, d, e) = (0, 0, 0, 0, 0)
        words.withUnsafeBufferPointer { words in
            for row in 1..<height {
                let above = BitRow(words.baseAddress! + (row - 1) * stride, stride)
                let middle = BitRow(words.baseAddress! + row * stride, stride)
                for word in 0..<stride {
                    let (p, q, s, t) = (middle[word], above[word], middle.leftNeighbours(word), above.leftNeighbours(word))
                    let any = p | q | s | t
                    if any == 0 || p & q & s & t == ~0 { continue }
                    a += (p & ~q & ~t).nonzeroBitCount
                    b += (q & ~p & ~s).nonzeroBitCount + (p & q & (s ^ t)).nonzeroBitCount
                    c += (p & q & ~s & ~t).nonzeroBitCount
                    d += (t & ~p & ~q).nonzeroBitCount
                    e += (p & t & ~q).nonzeroBitCount
                }
            }
        }
        let root = 2.0.squareRoot()
        return Double.pi / 4
            * (Double(a) * (1 + 1 / root) + Double(b) / root + Double(c) * 2 / root + Double(d) + Double(e) * 2)
    }
}

/// Sums of four bits in each of 64 places, as binary digits.
private struct BitSum {
    let ones: UInt64
    let twos: UInt64
    let fours: UInt64

    @inline(__always) init(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64) {
        let (first, firstCarry) = (a ^ b, a & b)
        let (second, secondCarry) = (c ^ d, c & d)
        let carry = first & second
        ones = first ^ second
        twos = firstCarry ^ secondCarry ^ carry
        fours = firstCarry & secondCarry
    }
}
