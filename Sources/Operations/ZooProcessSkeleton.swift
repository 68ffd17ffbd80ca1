import Raster

extension ZooProcessPixels {
    /// Pixels that are left when the dark pixels are thinned to lines (skelarea).
    ///
    /// - Complexity: passes × words of the rows that still change; there are about twice as many passes as the object is thick.
    /// - Source: "Skeletonize" of ImageJ before 1.50, a variant of Zhang & Suen 1984, doi:10.1145/357994.358023: passes of two kinds
    ///   take turns, each deletes at once all pixels whose eight neighbours are in its set, until a pass of the second kind deletes none.
    func skeletonArea() -> Int {
        if stride > 1 { return thin(work.0, work.1, stride: stride, as: SIMD2<UInt64>.self) }
        guard box.width <= 30 else { return thin(work.0, work.1, stride: 1, as: SIMD2<UInt64>.self) }
        // Four narrow rows at a time. Half a grid's words hold its rows and those that a last step reaches beyond.
        return work.0.withMemoryRebound(to: UInt32.self, capacity: 2 * rows + 4) { a in
            work.1.withMemoryRebound(to: UInt32.self, capacity: 2 * rows + 4) { b in thin(a, b, stride: 1, as: SIMD4<UInt32>.self) }
        }
    }

    /// - Parameters:
    ///   - a: two grids that are overwritten.
    ///   - lanes: 128 bits, the words of as many rows as a step takes.
    @inline(__always)
    private func thin<Lanes: SIMD>(
        _ a: UnsafeMutablePointer<Lanes.Scalar>, _ b: UnsafeMutablePointer<Lanes.Scalar>, stride: Int, as lanes: Lanes.Type
    ) -> Int where Lanes.Scalar: FixedWidthInteger {
        let steps = (rows - 2 + Lanes.scalarCount - 1) / Lanes.scalarCount
        let count = (steps * Lanes.scalarCount + 2) * stride
        for index in 0..<count {
            let bits = index < words ? Lanes.Scalar(truncatingIfNeeded: dark[index]) : 0
            (a[index], b[index]) = (bits, bits)
        }
        // Bit 0 tells whether a step changed in the last pass, bit 1 in the one before; one whose surroundings did in neither stays as it
        // is, and both grids hold it.
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: steps + 2) { flags in
            flags.initialize(repeating: 3)
            (flags[0], flags[steps + 1]) = (0, 0)
            let changes = flags.baseAddress!
            while true {
                _ = pass(a, b, stride: stride, changes, steps: steps, first: true, as: lanes)
                // After two passes the result is back in the first grid.
                let deleted = pass(b, a, stride: stride, changes, steps: steps, first: false, as: lanes)
                if !deleted { break }
            }
            var area = 0
            for index in 0..<count { area &+= a[index].nonzeroBitCount }
            return area
        }
    }

    /// One pass from one grid to the other; whether it deleted anything.
    @inline(__always)
    private func pass<Lanes: SIMD>(
        _ from: UnsafeMutablePointer<Lanes.Scalar>, _ to: UnsafeMutablePointer<Lanes.Scalar>, stride: Int, _ changes: UnsafeMutablePointer<UInt8>,
        steps: Int, first: Bool, as lanes: Lanes.Type
    ) -> Bool where Lanes.Scalar: FixedWidthInteger {
        var any: UInt64 = 0
        for step in 1...steps {
            // The step before has gone through this pass already.
            let around = (changes[step &- 1] & 6) | ((changes[step] | changes[step &+ 1]) & 3)
            var changed: UInt8 = 0
            if around != 0 {
                let offset = ((step &- 1) &* Lanes.scalarCount &+ 1) &* stride
                var all: UInt64 = 0
                for word in 0..<stride {
                    let place = from + (offset &+ word)
                    let above = Neighbours<Lanes>(place - stride, word, stride)
                    let own = Neighbours<Lanes>(place, word, stride)
                    let below = Neighbours<Lanes>(place + stride, word, stride)
                    let gone = own.middle
                        & (first
                            ? isInFirstSet(above.left, above.middle, above.right, own.right, below.right, below.middle, below.left, own.left)
                            : isInSecondSet(above.left, above.middle, above.right, own.right, below.right, below.middle, below.left, own.left))
                    store(own.middle & ~gone, to + (offset &+ word), stride)
                    let halves = unsafeBitCast(gone, to: SIMD2<UInt64>.self)
                    all |= halves[0] | halves[1]
                }
                any |= all
                changed = all == 0 ? 0 : 1
            }
            changes[step] = changes[step] &<< 1 | changed
        }
        return any != 0
    }
}

/// Words of some rows, one below the other, and the pixels left and right of each.
private struct Neighbours<Lanes: SIMD> where Lanes.Scalar: FixedWidthInteger {
    let left, middle, right: Lanes

    @inline(__always) init(_ word: UnsafeMutablePointer<Lanes.Scalar>, _ number: Int, _ stride: Int) {
        middle = load(word, stride)
        var (left, right) = (middle &<< 1, middle &>> 1)
        let last = Lanes.Scalar(truncatingIfNeeded: Lanes.Scalar.bitWidth - 1)
        if number > 0 { left |= load(word - 1, stride) &>> last }
        if number &+ 1 < stride { right |= load(word + 1, stride) &<< last }
        (self.left, self.right) = (left, right)
    }
}

@inline(__always) private func load<Lanes: SIMD>(_ word: UnsafeMutablePointer<Lanes.Scalar>, _ stride: Int) -> Lanes {
    if stride == 1 { return UnsafeRawPointer(word).loadUnaligned(as: Lanes.self) }
    var lanes = Lanes()
    for lane in 0..<Lanes.scalarCount { lanes[lane] = word[lane &* stride] }
    return lanes
}

@inline(__always) private func store<Lanes: SIMD>(_ lanes: Lanes, _ word: UnsafeMutablePointer<Lanes.Scalar>, _ stride: Int) {
    if stride == 1 {
        UnsafeMutableRawPointer(word).storeBytes(of: lanes, as: Lanes.self)
    } else {
        for lane in 0..<Lanes.scalarCount { word[lane &* stride] = lanes[lane] }
    }
}

// Which rings of neighbours make a pixel go, many pixels at a time: decision trees with equal branches joined, made from the sets in the
// test, which tries all 256 rings. `(p ^ q) & x ^ q` is p where x, else q.

/// Neighbourhoods of a pass of the first kind; neighbours go clockwise from the one above left.
@inline(__always)
package func isInFirstSet<Lanes: SIMD>(
    _ nw: Lanes, _ n: Lanes, _ ne: Lanes, _ e: Lanes, _ se: Lanes, _ s: Lanes,
    _ sw: Lanes, _ w: Lanes
) -> Lanes where Lanes.Scalar: FixedWidthInteger {
    let a0 = n & ~se
    let a1 = w & a0
    let a2 = (a0 ^ a1) & nw ^ a1
    let a3 = w & ~se
    let a4 = (a3 ^ a1) & nw ^ a1
    let a5 = (a4 ^ a2) & sw ^ a2
    let a6 = ~n & ~se
    let a7 = w & a6
    let a8 = ~n & se
    let a9 = (w ^ a8) & nw ^ a8
    let a10 = (a9 ^ a7) & sw ^ a7
    let a11 = (a10 ^ a5) & s ^ a5
    let a12 = ~w & a0
    let a13 = ~sw & a12
    let a14 = ~w & a6
    let a15 = ~nw & a14
    let a16 = ~w & a8
    let a17 = ~nw & a16
    let a18 = (a17 ^ a15) & sw ^ a15
    let a19 = (a18 ^ a13) & s ^ a13
    let a20 = (a19 ^ a11) & e ^ a11
    let a21 = (a1 ^ a0) & sw ^ a0
    let a22 = nw & a1
    let a23 = sw & a22
    let a24 = (a23 ^ a21) & s ^ a21
    let a25 = (n ^ ~w) & nw ^ ~w
    let a26 = (a22 ^ a25) & sw ^ a25
    let a27 = (a17 ^ a26) & s ^ a26
    let a28 = (a27 ^ a24) & e ^ a24
    let a29 = (a28 ^ a20) & ne ^ a20
    return a29
}

/// Neighbourhoods of a pass of the second kind.
@inline(__always)
package func isInSecondSet<Lanes: SIMD>(
    _ nw: Lanes, _ n: Lanes, _ ne: Lanes, _ e: Lanes, _ se: Lanes, _ s: Lanes,
    _ sw: Lanes, _ w: Lanes
) -> Lanes where Lanes.Scalar: FixedWidthInteger {
    let b0 = s & ~nw
    let b1 = e & b0
    let b2 = e & ~nw
    let b3 = (b2 ^ b1) & se ^ b1
    let b4 = (b0 ^ b3) & sw ^ b3
    let b5 = ~e & b0
    let b6 = (s ^ ~e) & se ^ ~e
    let b7 = (b6 ^ b5) & sw ^ b5
    let b8 = (b7 ^ b4) & w ^ b4
    let b9 = se & b2
    let b10 = (b1 ^ b9) & sw ^ b9
    let b11 = se & b1
    let b12 = sw & b11
    let b13 = (b12 ^ b10) & w ^ b10
    let b14 = (b13 ^ b8) & ne ^ b8
    let b15 = ~s & ~nw
    let b16 = e & b15
    let b17 = ~sw & b16
    let b18 = ~e & b15
    let b19 = ~se & b18
    let b20 = ~s & nw
    let b21 = ~e & b20
    let b22 = ~se & b21
    let b23 = (b22 ^ b19) & sw ^ b19
    let b24 = (b23 ^ b17) & w ^ b17
    let b25 = (e ^ b20) & se ^ b20
    let b26 = (b11 ^ b25) & sw ^ b25
    let b27 = (b22 ^ b26) & w ^ b26
    let b28 = (b27 ^ b24) & ne ^ b24
    let b29 = (b28 ^ b14) & n ^ b14
    return b29
}
