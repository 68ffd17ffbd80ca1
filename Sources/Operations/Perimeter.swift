import Foundation
import Raster

extension BitGrid {
    /// Length of the border by Benkrid & Crookes' estimator, and of the outline by the Crofton formula with four directions.
    /// Needs a margin of 1.
    ///
    /// Border pixels (foreground with a background pixel among the four neighbours) with two or three border pixels among their
    /// 4-neighbours and at most two at corners count 1; those that only go on diagonally √2; those that go on straight at one
    /// end and diagonally at the other (1 + √2)/2.
    func perimeters() -> (estimated: Double, crofton: Double) { perimeterCounts(0..<(height - 1)).lengths }

    /// - Parameter counted: rows that count, each with what lies between it and the next; two more rows above and below are looked at.
    func perimeterCounts(_ counted: Range<Int>) -> PerimeterCounts {
        let (rows, count) = (height, stride)
        var (straight, diagonal, mixed) = (0, 0, 0)
        // How often each kind of 2 × 2 neighbourhood occurs; p = the pixel, q above it, s left of it, t above left.
        var (a, b, c, d, e) = (0, 0, 0, 0, 0)
        words.withUnsafeBufferPointer { words in
            // Border pixels of three rows: those above, in and below the row that is counted.
            withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 3 * count) { border in
                border.initialize(repeating: 0)
                let source = words.baseAddress!
                var (above, middle, below) = (border.baseAddress!, border.baseAddress! + count, border.baseAddress! + 2 * count)
                for row in 1...counted.upperBound {
                    // Row `row` enters below; the row before it is counted.
                    let (upper, own) = (BitRow(source + (row - 1) * count, count), BitRow(source + row * count, count))
                    for word in 0..<count {
                        let p = own[word]
                        var line: UInt64 = 0
                        let q = upper[word]
                        if p | q != 0 {
                            let (s, t) = (own.leftNeighbours(word), upper.leftNeighbours(word))
                            if row &+ 1 < rows { line = p & ~(q & source[(row &+ 1) &* count &+ word] & s & own.rightNeighbours(word)) }
                            a &+= (p & ~q & ~t).nonzeroBitCount
                            b &+= (q & ~p & ~s).nonzeroBitCount &+ (p & q & (s ^ t)).nonzeroBitCount
                            c &+= (p & q & ~s & ~t).nonzeroBitCount
                            d &+= (t & ~p & ~q).nonzeroBitCount
                            e &+= (p & t & ~q).nonzeroBitCount
                        } else if upper.leftNeighbours(word) & 1 != 0 {
                            d &+= 1
                        }
                        below[word] = line
                    }
                    let (above0, middle0, below0) = (BitRow(above, count), BitRow(middle, count), BitRow(below, count))
                    for word in 0..<count {
                        let pixels = middle[word]
                        if pixels == 0 { continue }
                        let edge = BitSum(above[word], below[word], middle0.leftNeighbours(word), middle0.rightNeighbours(word))
                        let corner = BitSum(
                            above0.leftNeighbours(word), above0.rightNeighbours(word), below0.leftNeighbours(word), below0.rightNeighbours(word))
                        straight &+= (pixels & edge.twos & ~corner.fours & ~(corner.ones & corner.twos)).nonzeroBitCount
                        let one = edge.ones & ~edge.twos
                        let none = ~(edge.ones | edge.twos | edge.fours)
                        diagonal &+= (pixels & (none & corner.twos & ~corner.ones | one & corner.twos & corner.ones)).nonzeroBitCount
                        mixed &+= (pixels & one & (corner.ones ^ corner.twos)).nonzeroBitCount
                    }
                    (above, middle, below) = (middle, below, above)
                    if row <= counted.lowerBound {
                        (straight, diagonal, mixed) = (0, 0, 0)
                        (a, b, c, d, e) = (0, 0, 0, 0, 0)
                    }
                }
            }
        }
        return PerimeterCounts(straight: straight, diagonal: diagonal, mixed: mixed, a: a, b: b, c: c, d: d, e: e)
    }
}

/// How often border pixels and neighbourhoods of each kind occur.
struct PerimeterCounts {
    var (straight, diagonal, mixed) = (0, 0, 0)
    var (a, b, c, d, e) = (0, 0, 0, 0, 0)

    mutating func add(_ other: PerimeterCounts) {
        straight += other.straight
        diagonal += other.diagonal
        mixed += other.mixed
        a += other.a
        b += other.b
        c += other.c
        d += other.d
        e += other.e
    }

    var lengths: (estimated: Double, crofton: Double) {
        let root = 2.0.squareRoot()
        return (
            Double(straight) + Double(diagonal) * root + Double(mixed) * (1 + root) / 2,
            Double.pi / 4 * (Double(a) * (1 + 1 / root) + Double(b) / root + Double(c) * 2 / root + Double(d) + Double(e) * 2)
        )
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
