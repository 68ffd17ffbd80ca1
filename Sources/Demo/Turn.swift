/// A direction by its angle in turns (1 = 360°). Own polynomials: libm's last digit differs between machines, and a
/// pixel may hang on it. Only +, -, ×, ÷ and square root are used in all of `Demo`; those are exact by IEEE 754.
struct Turn {
    let cos: Double
    let sin: Double

    init(_ turns: Double) {
        (cos, sin) = (Self.sine(turns + 0.25), Self.sine(turns))
    }

    /// - Returns: sine to about 1e-10.
    private static func sine(_ turns: Double) -> Double {
        var t = turns - turns.rounded(.down)  // 0 ..< 1
        if t > 0.75 { t -= 1 } else if t > 0.25 { t = 0.5 - t }
        let x = t * 6.283185307179586
        let x2 = x * x
        var sum = -1.0 / 39_916_800 + x2 / 6_227_020_800
        for coefficient in [1.0 / 362_880, -1.0 / 5_040, 1.0 / 120, -1.0 / 6, 1] { sum = coefficient + x2 * sum }
        return x * sum
    }
}
