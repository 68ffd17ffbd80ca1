/// Comparisons in a fixed order that sort any `count` numbers; independent of the numbers, so whole vectors go through at once.
struct SortingNetwork: Sendable {
    /// Places of which the first gets the smaller number, one comparison after the other.
    let pairs: [(low: Int32, high: Int32)]

    /// Only what decides the numbers at `wanted` places; the others stay unsorted.
    /// - Source: Batcher's merge exchange, Knuth, The Art of Computer Programming 3, 5.2.2, algorithm M.
    init(count: Int, wanted: Set<Int>) {
        var all: [(Int, Int)] = []
        var top = 1
        while top < count { top *= 2 }
        var p = top / 2
        while p > 0 {
            var (q, r, d) = (top / 2, 0, p)
            while true {
                for i in 0..<max(0, count - d) where i & p == r { all.append((i, i + d)) }
                if q == p { break }
                (d, q, r) = (q - p, q / 2, p)
            }
            p /= 2
        }
        var needed = wanted
        var kept: [(low: Int32, high: Int32)] = []
        for (low, high) in all.reversed() where needed.contains(low) || needed.contains(high) {
            needed.formUnion([low, high])
            kept.append((Int32(low), Int32(high)))
        }
        pairs = kept.reversed()
    }

    /// Sorts `lanes` lists side by side: number i of list l is element i · lanes + l. `lanes` is a multiple of 32.
    @inline(__always)
    func sort<Sample: SortableSample>(_ numbers: UnsafeMutablePointer<Sample>, lanes: Int) {
        pairs.withUnsafeBufferPointer { pairs in
            for pair in pairs { Sample.order(numbers + Int(pair.low) &* lanes, numbers + Int(pair.high) &* lanes, count: lanes) }
        }
    }
}

protocol SortableSample: FilterSample, FixedWidthInteger, UnsignedInteger {
    associatedtype Vector: SIMD, BitwiseCopyable
    static func smaller(_ a: Vector, _ b: Vector) -> Vector
    static func larger(_ a: Vector, _ b: Vector) -> Vector
    /// Puts the smaller of each two numbers into `low`. `count` is a multiple of 32.
    static func order(_ low: UnsafeMutablePointer<Self>, _ high: UnsafeMutablePointer<Self>, count: Int)
}

// Written with vectors of a concrete type, which become one instruction each; the compiler does not find them in a plain loop.
extension UInt8: SortableSample {
    @inline(__always)
    static func smaller(_ a: SIMD16<UInt8>, _ b: SIMD16<UInt8>) -> SIMD16<UInt8> { b.replacing(with: a, where: a .< b) }
    @inline(__always)
    static func larger(_ a: SIMD16<UInt8>, _ b: SIMD16<UInt8>) -> SIMD16<UInt8> { a.replacing(with: b, where: a .< b) }

    @inline(__always)
    static func order(_ low: UnsafeMutablePointer<UInt8>, _ high: UnsafeMutablePointer<UInt8>, count: Int) {
        let (low, high) = (UnsafeMutableRawPointer(low), UnsafeMutableRawPointer(high))
        for offset in stride(from: 0, to: count, by: 16) {
            let a = low.loadUnaligned(fromByteOffset: offset, as: SIMD16<UInt8>.self)
            let b = high.loadUnaligned(fromByteOffset: offset, as: SIMD16<UInt8>.self)
            let smaller = a .< b
            low.storeBytes(of: b.replacing(with: a, where: smaller), toByteOffset: offset, as: SIMD16<UInt8>.self)
            high.storeBytes(of: a.replacing(with: b, where: smaller), toByteOffset: offset, as: SIMD16<UInt8>.self)
        }
    }
}

extension UInt16: SortableSample {
    @inline(__always)
    static func smaller(_ a: SIMD8<UInt16>, _ b: SIMD8<UInt16>) -> SIMD8<UInt16> { b.replacing(with: a, where: a .< b) }
    @inline(__always)
    static func larger(_ a: SIMD8<UInt16>, _ b: SIMD8<UInt16>) -> SIMD8<UInt16> { a.replacing(with: b, where: a .< b) }

    @inline(__always)
    static func order(_ low: UnsafeMutablePointer<UInt16>, _ high: UnsafeMutablePointer<UInt16>, count: Int) {
        let (low, high) = (UnsafeMutableRawPointer(low), UnsafeMutableRawPointer(high))
        for offset in stride(from: 0, to: 2 * count, by: 16) {
            let a = low.loadUnaligned(fromByteOffset: offset, as: SIMD8<UInt16>.self)
            let b = high.loadUnaligned(fromByteOffset: offset, as: SIMD8<UInt16>.self)
            let smaller = a .< b
            low.storeBytes(of: b.replacing(with: a, where: smaller), toByteOffset: offset, as: SIMD8<UInt16>.self)
            high.storeBytes(of: a.replacing(with: b, where: smaller), toByteOffset: offset, as: SIMD8<UInt16>.self)
        }
    }
}
