/// SplitMix64 (Steele, Lea, Flood 2014, doi:10.1145/2714064.2660195): equal numbers on every machine.
struct DemoRandom {
    private var state: UInt64

    init(_ seed: UInt64...) {
        state = 0x9e37_79b9_7f4a_7c15
        for part in seed { state = Self.mixed(state ^ part &* 0xff51_afd7_ed55_8ccd) }
    }

    @inline(__always) mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        return Self.mixed(state)
    }

    @inline(__always) static func mixed(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// 0 ..< 1.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
    mutating func between(_ low: Double, _ high: Double) -> Double { low + (high - low) * unit() }
    mutating func below(_ count: Int) -> Int { Int(next() >> 33) % count }
    mutating func chance(_ probability: Double) -> Bool { unit() < probability }

    /// Sum of four uniform numbers: mean 0, standard deviation 1, no logarithm.
    @inline(__always) mutating func bell() -> Float {
        let bits = next()
        let sum = Int32(bits & 0xffff) + Int32(bits >> 16 & 0xffff) + Int32(bits >> 32 & 0xffff) + Int32(bits >> 48)
        return Float(sum - 131_070) * (1 / 37_837)
    }
}
