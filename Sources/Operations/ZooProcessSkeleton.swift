import Raster

extension ZooProcessPixels {
    /// Pixels that are left when the dark pixels are thinned to lines (skelarea).
    ///
    /// - Complexity: passes × words of the rows that still change; there are about twice as many passes as the object is thick.
    /// - Source: "Skeletonize" of ImageJ before 1.50, a variant of Zhang & Suen 1984, doi:10.1145/357994.358023: passes of two kinds
    ///   take turns, each deletes at once all pixels whose eight neighbours are in its set, until a pass of the second kind deletes none.
    func skeletonArea() -> Int {
        var (from, to) = work
        from.update(from: dark, count: words + 2 * stride)
        to.initialize(repeating: 0, count: words + 2 * stride)
        // Rows go in pairs: 1 and 2, 3 and 4, … A pair's flag tells whether it changed in this pass, the last one and the one before
        // that; a pair whose surroundings did in neither of the two stays as it is.
        let pairs = (rows - 1) / 2
        return withUnsafeTemporaryAllocation(of: Bool.self, capacity: 3 * (pairs + 2)) { flags in
            flags.initialize(repeating: true)
            var (now, last, before) = (flags.baseAddress! + 1, flags.baseAddress! + pairs + 3, flags.baseAddress! + 2 * pairs + 5)
            for flags in [now, last, before] { (flags[-1], flags[pairs]) = (false, false) }
            var first = true
            while true {
                var deleted = false
                for pair in 0..<pairs {
                    let offset = (2 &* pair &+ 1) &* stride
                    now[pair] = false
                    if !(last[pair &- 1] || last[pair] || last[pair &+ 1] || before[pair &- 1] || before[pair] || before[pair &+ 1]) {
                        for word in offset..<(offset &+ 2 &* stride) { to[word] = from[word] }
                        continue
                    }
                    var all = SIMD2<UInt64>.zero
                    for word in 0..<stride {
                        let gone = deletedPixels(from + (offset &+ word), word, first: first)
                        store(self.pair(from + (offset &+ word)) & ~gone, to + (offset &+ word))
                        all |= gone
                    }
                    if all[0] | all[1] != 0 {
                        now[pair] = true
                        deleted = true
                    }
                }
                (from, to) = (to, from)
                if !first, !deleted { break }
                first.toggle()
                (now, last, before) = (before, now, last)
            }
            var area = 0
            for index in 0..<words { area &+= from[index].nonzeroBitCount }
            return area
        }
    }

    /// A word and the one below it.
    @inline(__always) private func pair(_ word: UnsafeMutablePointer<UInt64>) -> SIMD2<UInt64> {
        stride == 1 ? UnsafeRawPointer(word).loadUnaligned(as: SIMD2<UInt64>.self) : SIMD2(word[0], word[stride])
    }

    @inline(__always) private func store(_ pair: SIMD2<UInt64>, _ word: UnsafeMutablePointer<UInt64>) {
        if stride == 1 {
            UnsafeMutableRawPointer(word).storeBytes(of: pair, as: SIMD2<UInt64>.self)
        } else {
            (word[0], word[stride]) = (pair[0], pair[1])
        }
    }

    /// Pixels of a word and the one below it that a pass deletes.
    @inline(__always) private func deletedPixels(_ word: UnsafeMutablePointer<UInt64>, _ number: Int, first: Bool) -> SIMD2<UInt64> {
        @inline(__always) func row(_ word: UnsafeMutablePointer<UInt64>) -> (left: SIMD2<UInt64>, middle: SIMD2<UInt64>, right: SIMD2<UInt64>) {
            let middle = pair(word)
            var (left, right) = (middle &<< 1, middle &>> 1)
            if number > 0 { left |= pair(word - 1) &>> 63 }
            if number &+ 1 < stride { right |= pair(word + 1) &<< 63 }
            return (left, middle, right)
        }
        let (above, middle, below) = (row(word - stride), row(word), row(word + stride))
        return middle.middle
            & (first
                ? isInFirstSet(above.left, above.middle, above.right, middle.right, below.right, below.middle, below.left, middle.left)
                : isInSecondSet(above.left, above.middle, above.right, middle.right, below.right, below.middle, below.left, middle.left))
    }
}

// Which rings of neighbours make a pixel go, 64 pixels at a time: decision trees with equal branches joined, made from the sets in the
// test, which tries all 256 rings. `(p ^ q) & x ^ q` is p where x, else q.

/// Neighbourhoods of a pass of the first kind; neighbours go clockwise from the one above left.
@inline(__always)
package func isInFirstSet(
    _ nw: SIMD2<UInt64>, _ n: SIMD2<UInt64>, _ ne: SIMD2<UInt64>, _ e: SIMD2<UInt64>, _ se: SIMD2<UInt64>, _ s: SIMD2<UInt64>,
    _ sw: SIMD2<UInt64>, _ w: SIMD2<UInt64>
) -> SIMD2<UInt64> {
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
package func isInSecondSet(
    _ nw: SIMD2<UInt64>, _ n: SIMD2<UInt64>, _ ne: SIMD2<UInt64>, _ e: SIMD2<UInt64>, _ se: SIMD2<UInt64>, _ s: SIMD2<UInt64>,
    _ sw: SIMD2<UInt64>, _ w: SIMD2<UInt64>
) -> SIMD2<UInt64> {
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
